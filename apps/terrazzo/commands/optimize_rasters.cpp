#include <CLI/CLI.hpp>

#include "command.hpp"
#include "options.hpp"
#include "stop.hpp"
#include "terminal.hpp"
#include "terrazzo/jobs/optimize.hpp"

namespace terrazzo::app {
namespace {

Json json_of(const jobs::OptimizeReport& report) {
  return {{"written", report.written},
          {"skipped", report.skipped},
          {"failed", failure_json(report.failed)}};
}

int run(const jobs::OptimizeRequest& request, const Session& session) {
  const StopOnSignals stop;
  jobs::OptimizeReport report;
  {
    ProgressLine line{"optimising", session};
    report =
        jobs::optimize(request, [&](const jobs::Progress& progress) { line(progress); },
                       {.stop = stop.token()});
  }
  session.result(json_of(report),
                 fmt::format("{} optimised, {} skipped, {} failed; they are in {}",
                             report.written.size(), report.skipped.size(),
                             report.failed.size(), request.output_folder));
  fmt::print(stderr, "{}", failure_lines(report.failed));
  return exit_code(report.failed);
}

Run declare(CLI::App& app) {
  const auto options = options_of<jobs::OptimizeRequest>(
      app, "optimize-rasters",
      {{"files", "files"}, {"output_folder", "-o,--output-folder"}});
  return [options](const Session& session) {
    return run(options->read<jobs::OptimizeRequest>(), session);
  };
}

}  // namespace

extern const CommandKind command_optimize_rasters;
constinit const CommandKind command_optimize_rasters{
    "optimize-rasters", "Make cloud-optimised GeoTIFFs of rasters.", declare};

}  // namespace terrazzo::app
