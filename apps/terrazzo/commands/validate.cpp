#include "command.hpp"
#include "options.hpp"
#include "terminal.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/formats/cog.hpp"

namespace terrazzo::app {
namespace {

struct Request {
  std::vector<std::string> files{};

  void fields(auto& f) {
    f("files", files, "Rasters, as paths or quoted shell patterns.", required());
  }
};

Json json_of(const std::string& path, const formats::CogReport& report) {
  return {{"path", path},
          {"valid", report.valid},
          {"errors", report.errors},
          {"warnings", report.warnings}};
}

std::string text_of(const std::string& path, const formats::CogReport& report) {
  auto text = fmt::format("{}: {}\n", path,
                          report.valid ? "a valid cloud-optimised GeoTIFF"
                                       : "not a valid cloud-optimised GeoTIFF");
  for (const auto& error : report.errors) text += fmt::format("  error: {}\n", error);
  for (const auto& warning : report.warnings)
    text += fmt::format("  warning: {}\n", warning);
  return text;
}

struct Findings {
  Json reports = Json::array();
  std::string text{};
  std::vector<jobs::Failure> failures{};  // files that are not valid, whatever the reason
};

void add(Findings& findings, const std::string& path, const formats::CogReport& report,
         ErrorKind kind = ErrorKind::corrupt_data) {
  findings.reports.push_back(json_of(path, report));
  findings.text += text_of(path, report);
  if (!report.valid) findings.failures.push_back({path, kind, ""});
}

// A file that cannot be read is invalid too; its reason is the error.
void look_at(const std::string& path, Findings& findings) {
  try {
    add(findings, path, formats::validate_cog(path));
  } catch (const Error& e) {
    add(findings, path, {.errors = {e.message()}}, e.kind());
  }
}

// As the shell pattern; a path that matches nothing is left to the validator to miss.
void look_at_all(const std::string& argument, Findings& findings) {
  try {
    const auto found = files_like(argument);
    if (found.empty()) look_at(argument, findings);
    for (const auto& path : found) look_at(path.string(), findings);
  } catch (const Error& e) {
    add(findings, argument, {.errors = {e.message()}}, e.kind());
  }
}

int run(const Request& request, const Session& session) {
  Findings findings;
  for (const std::string& argument : request.files) look_at_all(argument, findings);
  findings.text.pop_back();
  session.result(findings.reports, findings.text);
  return exit_code(findings.failures);
}

Run declare(CLI::App& app) {
  const auto options = options_of<Request>(app, "validate", {{"files", "files"}});
  return [options](const Session& session) {
    return run(options->read<Request>(), session);
  };
}

}  // namespace

extern const CommandKind command_validate;
constinit const CommandKind command_validate{
    "validate", "Tell whether files are cloud-optimised GeoTIFFs, and why not.", declare};

}  // namespace terrazzo::app
