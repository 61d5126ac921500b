#include "done.hpp"
#include "options.hpp"
#include "stop.hpp"
#include "terrazzo/formats/gdal_opener.hpp"

namespace terrazzo::app {
namespace {

int run(const jobs::RunRequest& request, const Session& session) {
  const StopOnSignals stop;
  const auto opener = formats::gdal_opener();
  const auto all =
      jobs::run_pipeline(request, *opener, print_done(session), {.stop = stop.token()});
  return exit_code(all);
}

Run declare(CLI::App& app) {
  const auto options = options_of<jobs::RunRequest>(
      app, "run", {{"pipeline", "pipeline"}, {"files", "files"}});
  return [options](const Session& session) {
    return run(options->read<jobs::RunRequest>(), session);
  };
}

}  // namespace

extern const CommandKind command_run;
constinit const CommandKind command_run{"run", "Take files through a pipeline, now.",
                                        declare};

}  // namespace terrazzo::app
