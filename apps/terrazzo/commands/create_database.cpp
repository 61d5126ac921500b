#include "ingest_command.hpp"
#include "options.hpp"

namespace terrazzo::app {
namespace {

// The name of `ingest` in the first versions of Terracotta, for a catalogue that is new.
Run declare(CLI::App& app) {
  const auto options = options_of<jobs::IngestRequest>(
      app, "create-database",
      {{"pattern", "pattern"}, {"output", "-o,--output-file"}, {"only_new", ""}});
  return [options](const Session& session) {
    auto request = options->read<jobs::IngestRequest>();
    request.only_new = !request.overwrite;
    return run_ingest(request, session);
  };
}

}  // namespace

extern const CommandKind command_create_database;
constinit const CommandKind command_create_database{
    "create-database",
    "As ingest, into a new catalogue (or, with --overwrite, in its place).", declare};

}  // namespace terrazzo::app
