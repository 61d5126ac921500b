#include "ingest_command.hpp"
#include "options.hpp"

namespace terrazzo::app {
namespace {

Run declare(CLI::App& app) {
  const auto options = options_of<jobs::IngestRequest>(
      app, "ingest", {{"pattern", "pattern"}, {"output", "-o,--output-file"}});
  return [options](const Session& session) {
    return run_ingest(options->read<jobs::IngestRequest>(), session);
  };
}

}  // namespace

extern const CommandKind command_ingest;
constinit const CommandKind command_ingest{
    "ingest", "Enter rasters into a catalogue by a pattern of their paths.", declare};

}  // namespace terrazzo::app
