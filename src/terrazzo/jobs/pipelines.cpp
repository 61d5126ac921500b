#include "terrazzo/jobs/pipelines.hpp"

#include <algorithm>
#include <thread>

#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/jobs/database.hpp"
#include "terrazzo/jobs/job.hpp"
#include "terrazzo/pipeline/s3_events.hpp"
#include "terrazzo/pipeline/watch.hpp"

namespace terrazzo::jobs {
namespace {

using catalog::Announced;
using catalog::State;
using pipeline::Done;

pipeline::WorkOptions work_options(int workers, int lease) {
  pipeline::WorkOptions options;
  options.workers = static_cast<int>(threads_for(workers, SIZE_MAX));
  options.lease = std::chrono::seconds{lease};
  return options;
}

void need_keys(const catalog::Catalog& catalog, const std::vector<std::string>& keys) {
  std::vector<std::string> there;
  for (const auto& key : catalog.key_names()) there.push_back(key.name);
  if (there != keys)
    throw invalid(
        "the catalogue has the keys ({}); the pipeline writes ({}), which must be the "
        "same in the same order",
        fmt::join(there, ", "), fmt::join(keys, ", "));
}

bool exists(const std::string& catalogue) {
  try {
    (void)catalog::open_catalog(catalogue, {.read_only = true});
    return true;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return false;
    throw;
  }
}

// Tells the journal of the files. Those that it does not take up, or that cannot be read,
// are done with.
std::vector<std::string> announce(const std::vector<std::string>& uris, Works& works,
                                  const pipeline::OnDone& on_done,
                                  const Context& context) {
  std::vector<std::string> taken;
  for (const std::string& uri : uris) {
    context.check();
    try {
      const auto arrival = pipeline::arrival_of(works.pipeline, uri, context);
      if (arrival.removed)
        on_done({.uri = uri,
                 .state = State::dead,
                 .kind = ErrorKind::not_found,
                 .text = "there is no such file"});
      if (works.journal->announce(arrival) == Announced::output)
        on_done({.uri = uri,
                 .state = State::skipped,
                 .text = "this pipeline made the file itself"});
      else if (!arrival.removed)
        taken.push_back(uri);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) throw;
      on_done({.uri = uri,
               .state = State::dead,
               .kind = error.kind(),
               .text = error.message()});
    }
  }
  return taken;
}

}  // namespace

Works open_works(const std::string& pipeline_file) {
  Works works{pipeline::load_pipeline(pipeline_file), nullptr};
  Database database{works.pipeline.catalogue, works.pipeline.keys,
                    Database::Mode::append};
  need_keys(database.writable(), works.pipeline.keys);
  works.journal = catalog::open_journal(works.pipeline.catalogue);
  return works;
}

std::vector<std::string> sources_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> sources;
  const auto add = [&](std::string uri) {
    if (std::ranges::find(sources, uri) == sources.end())
      sources.push_back(std::move(uri));
  };
  for (const std::string& argument : arguments) {
    if (argument.find("://") != std::string::npos) {
      add(argument);
      continue;
    }
    const auto found = files_like(argument);
    if (found.empty())
      throw failure(ErrorKind::not_found, "nothing matches '{}'", argument);
    for (const auto& path : found) add(pipeline::source_uri(path.string()));
  }
  return sources;
}

std::vector<Done> run_pipeline(const RunRequest& request, const io::RasterOpener& opener,
                               const pipeline::OnDone& on_done, const Context& context) {
  const auto uris = sources_of(request.files);
  auto works = open_works(request.pipeline);
  std::vector<Done> all;
  const auto note = [&](const Done& done) {
    all.push_back(done);
    on_done(done);
  };
  const auto taken = announce(uris, works, note, context);
  if (request.again && !taken.empty())
    works.journal->requeue({.pipeline = works.pipeline.name, .uris = taken});
  auto options = work_options(request.workers, request.lease);
  options.workers = std::min(options.workers, static_cast<int>(taken.size()));
  if (!taken.empty())
    pipeline::Runner{works.pipeline, *works.journal, opener, options}.work_through(
        taken, note, context);
  return all;
}

std::vector<pipeline::Planned> plan_pipeline(const PlanRequest& request,
                                             const io::RasterOpener& opener,
                                             const Context& context) {
  const auto pipeline = pipeline::load_pipeline(request.pipeline);
  std::unique_ptr<catalog::Journal> journal;
  if (exists(pipeline.catalogue)) {
    need_keys(*catalog::open_catalog(pipeline.catalogue, {.read_only = true}),
              pipeline.keys);
    journal = catalog::open_journal(pipeline.catalogue, {.open = {.read_only = true}});
  }
  const auto uris = request.files.empty() ? pipeline::listed(pipeline, context)
                                          : sources_of(request.files);
  return pipeline::plan(pipeline, journal.get(), opener, uris, context);
}

void work_pipeline(const WorkRequest& request, const io::RasterOpener& opener,
                   const pipeline::OnDone& on_done, const Context& context) {
  auto works = open_works(request.pipeline);
  auto options = work_options(request.workers, request.lease);
  options.until_idle = request.until_idle;
  pipeline::Runner{works.pipeline, *works.journal, opener, options}.work(on_done,
                                                                         context);
}

void watch_pipeline(const WatchRequest& request, const io::RasterOpener& opener,
                    const pipeline::OnDone& on_done,
                    const std::function<void(const pipeline::Resync&)>& on_resync,
                    const Context& context) {
  auto works = open_works(request.pipeline);
  const pipeline::WatchOptions watch{std::chrono::seconds{request.resync}};
  if (request.only_announce) {
    pipeline::watch(works.pipeline, *works.journal, watch, on_resync, context);
    return;
  }
  pipeline::Runner runner{works.pipeline, *works.journal, opener,
                          work_options(request.workers, request.lease)};
  std::stop_source over;  // one of the two has ended
  const std::stop_callback outer{context.stop, [&] { over.request_stop(); }};
  std::exception_ptr failed;
  {
    const std::jthread watching{[&] {
      try {
        pipeline::watch(works.pipeline, *works.journal, watch, on_resync,
                        {.stop = over.get_token()});
      } catch (...) {
        failed = std::current_exception();
      }
      over.request_stop();
    }};
    try {
      runner.work(on_done, {.stop = over.get_token()});
    } catch (...) {
      over.request_stop();
      throw;
    }
    over.request_stop();
  }
  if (failed) std::rethrow_exception(failed);
}

pipeline::Resync announce_s3(const Works& works, std::string_view notification,
                             const Context& context) {
  pipeline::Resync result;
  for (const auto& event : pipeline::s3_events_of(notification)) {
    if (!works.pipeline.takes(event.uri)) continue;
    ++result.files;
    catalog::Arrival arrival{works.pipeline.name, event.uri, "", works.pipeline.recipe};
    arrival.removed = true;
    if (!event.removed)
      arrival = pipeline::arrival_of(works.pipeline, event.uri, context);
    arrival.sequencer = event.sequencer;
    const auto answer = works.journal->announce(arrival);
    result.queued += answer == Announced::queued ? 1 : 0;
    result.removed += answer == Announced::removed ? 1 : 0;
  }
  return result;
}

catalog::EventQuery query_of(const EventsRequest& request,
                             const pipeline::Pipeline& pipeline) {
  catalog::EventQuery query{
      .pipeline = pipeline.name, .like = request.like, .limit = request.limit};
  for (const std::string& name : request.state)
    query.states.push_back(catalog::state_from(name));
  for (const std::string& file : request.files)
    query.uris.push_back(pipeline::source_uri(file));
  if (request.action == "retry" && query.states.empty())
    query.states = {State::failed, State::dead, State::skipped};
  return query;
}

}  // namespace terrazzo::jobs
