#include "done.hpp"
#include "options.hpp"
#include "stop.hpp"
#include "terrazzo/formats/gdal_opener.hpp"

namespace terrazzo::app {
namespace {

int run(const jobs::WorkRequest& request, const Session& session) {
  const StopOnSignals stop;
  const auto opener = formats::gdal_opener();
  jobs::work_pipeline(request, *opener, print_done(session), {.stop = stop.token()});
  return 0;
}

Run declare(CLI::App& app) {
  const auto options =
      options_of<jobs::WorkRequest>(app, "work", {{"pipeline", "pipeline"}});
  return [options](const Session& session) {
    return run(options->read<jobs::WorkRequest>(), session);
  };
}

}  // namespace

extern const CommandKind command_work;
constinit const CommandKind command_work{
    "work",
    "Work on what a pipeline's journal has, beside as many other processes as you like.",
    declare};

}  // namespace terrazzo::app
