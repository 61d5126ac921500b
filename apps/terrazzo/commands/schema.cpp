#include "command.hpp"
#include "options.hpp"
#include "terrazzo/base/config.hpp"
#include "terrazzo/base/error_table.hpp"
#include "terrazzo/jobs/ingest.hpp"
#include "terrazzo/jobs/optimize.hpp"
#include "terrazzo/maps/settings.hpp"
#include "terrazzo/pipeline/pipeline.hpp"

namespace terrazzo::app {
namespace {

struct Request {
  std::string name = "settings";
  bool toml = false;

  void fields(auto& f) {
    f("name", name, "What is described.",
      one_of({"settings", "ingest", "optimize-rasters", "pipeline", "errors"}));
    f("toml", toml, "Print a file with every default and its description instead.");
  }
};

std::vector<FieldRow> rows_of(const std::string& name) {
  if (name == "ingest") return field_rows<jobs::IngestRequest>();
  if (name == "optimize-rasters") return field_rows<jobs::OptimizeRequest>();
  return field_rows<maps::Settings>();
}

// The kinds of error as a list: what each means to a web client and to a shell.
int print_errors() {
  Json rows = Json::array();
  for (const ErrorFacts& facts : error_table())
    rows.push_back({{"kind", facts.name},
                    {"http_status", facts.http_status},
                    {"exit_code", facts.exit_code},
                    {"retry", facts.retry}});
  fmt::print("{}\n", rows.dump(2));
  return 0;
}

int print_schema(const std::string& name, const Json& about) {
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "terrazzo " + name}};
  schema.update(about);
  fmt::print("{}\n", schema.dump(2));
  return 0;
}

int run(const Request& request) {
  if (request.name == "errors") return print_errors();
  if (request.name == "pipeline" && request.toml)
    throw invalid("pipelines are written in YAML; share/pipelines has examples");
  if (request.name == "pipeline")
    return print_schema(request.name, pipeline::pipeline_schema());
  const auto rows = rows_of(request.name);
  if (request.toml) {
    fmt::print("{}", toml_of_fields(rows));
    return 0;
  }
  return print_schema(request.name, object_schema(rows));
}

Run declare(CLI::App& app) {
  const auto options = options_of<Request>(app, "schema", {{"name", "name"}});
  return [options](const Session&) { return run(options->read<Request>()); };
}

}  // namespace

extern const CommandKind command_schema;
constinit const CommandKind command_schema{"schema",
                                           "Print the JSON Schema of the settings, of "
                                           "pipeline files or of a command's options, "
                                           "or the kinds of error.",
                                           declare};

}  // namespace terrazzo::app
