#include "done.hpp"
#include "options.hpp"
#include "stop.hpp"
#include "terrazzo/formats/gdal_opener.hpp"

namespace terrazzo::app {
namespace {

int run(const jobs::WatchRequest& request, const Session& session) {
  const StopOnSignals stop;
  const auto opener = formats::gdal_opener();
  const auto on_resync = [&](const pipeline::Resync& found) {
    if (!session.quiet)
      fmt::print(stderr, "{} files are there; {} new or changed, {} removed\n",
                 found.files, found.queued, found.removed);
  };
  jobs::watch_pipeline(request, *opener, print_done(session), on_resync,
                       {.stop = stop.token()});
  return 0;
}

Run declare(CLI::App& app) {
  const auto options =
      options_of<jobs::WatchRequest>(app, "watch", {{"pipeline", "pipeline"}});
  return [options](const Session& session) {
    return run(options->read<jobs::WatchRequest>(), session);
  };
}

}  // namespace

extern const CommandKind command_watch;
constinit const CommandKind command_watch{
    "watch", "Take files through a pipeline as they arrive in its folder.", declare};

}  // namespace terrazzo::app
