#pragma once
// What is done with pipeline files.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/fields.hpp"
#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/pipeline/arrivals.hpp"
#include "terrazzo/pipeline/plan.hpp"
#include "terrazzo/pipeline/runner.hpp"

namespace terrazzo::jobs {

struct RunRequest {
  std::string pipeline{};
  std::vector<std::string> files{};
  bool again = false;
  int workers = 0;
  int lease = 60;

  void fields(auto& f) {
    f("pipeline", pipeline, "The pipeline file.", required());
    f("files", files, "Files to be worked on, as paths or quoted shell patterns.",
      required());
    f("again", again, "Also those that are done already or were given up.");
    f("workers", workers, "Files worked on at once; 0 is one per processor.",
      within(0, 1024));
    f("lease", lease, "Seconds after which others take over what a dead worker had.",
      within(1, 86400));
  }
};

struct PlanRequest {
  std::string pipeline{};
  std::vector<std::string> files{};

  void fields(auto& f) {
    f("pipeline", pipeline, "The pipeline file.", required());
    f("files", files,
      "Files, as paths or quoted shell patterns; none: those in the pipeline's folder.");
  }
};

// Who works, and for how long before others may.
struct Workers {
  std::string pipeline{};
  int workers = 0;
  int lease = 60;

  void fields(auto& f) {
    f("pipeline", pipeline, "The pipeline file.", required());
    f("workers", workers, "Files worked on at once; 0 is one per processor.",
      within(0, 1024));
    f("lease", lease, "Seconds after which others take over what a dead worker had.",
      within(1, 86400));
  }
};

struct WorkRequest : Workers {
  bool until_idle = false;

  void fields(auto& f) {
    Workers::fields(f);
    f("until_idle", until_idle, "End when nothing is left to be done.");
  }
};

struct WatchRequest : Workers {
  int resync = 3600;
  bool only_announce = false;

  void fields(auto& f) {
    Workers::fields(f);
    f("resync", resync, "Seconds between looks through the whole folder.",
      within(1, 86400));
    f("only_announce", only_announce, "Leave the work to other processes.");
  }
};

struct EventsRequest {
  std::string action{};
  std::string pipeline{};
  std::vector<std::string> files{};
  std::vector<std::string> state{};
  std::string like{};
  std::string s3{};
  std::optional<std::uint64_t> limit{};

  void fields(auto& f) {
    f("action", action,
      "announce: tell of files (none: of all in the folder); list; explain: all that is "
      "known of files; retry: what failed or was given up; replay: also what is done; "
      "discard: failures that need not be looked at again.",
      Facts{.required = true,
            .one_of = {"announce", "list", "explain", "retry", "replay", "discard"}});
    f("pipeline", pipeline, "The pipeline file.", required());
    f("files", files, "Only these.");
    f("state", state, "Only events in these states.", one_of(catalog::state_names()));
    f("like", like, "Only files whose whole path fits this shell pattern.");
    f("s3", s3,
      "announce: a file with a notification of S3, direct or in an envelope of SNS, SQS "
      "or EventBridge; - is the standard input.");
    f("limit", limit, "At most so many.");
  }
};

// A pipeline file with its catalogue's journal.
struct Works {
  pipeline::Pipeline pipeline;
  std::unique_ptr<catalog::Journal> journal;
};

// Makes the catalogue if it is not there. Throws as load_pipeline(), create_catalog() and
// open_journal(); invalid_input: the catalogue has other keys than the pipeline writes.
Works open_works(const std::string& pipeline_file);

// Absolute paths and URIs of what the arguments name, each once.
// Throws not_found: one of them finds nothing.
std::vector<std::string> sources_of(const std::vector<std::string>& arguments);

// Announces the files and works on them until each has ended. What became of each, in the
// order in which they ended.
// Throws as open_works() and sources_of(); cancelled by the context.
std::vector<pipeline::Done> run_pipeline(const RunRequest& request,
                                         const io::RasterOpener& opener,
                                         const pipeline::OnDone& on_done,
                                         const Context& context);

// Makes and changes nothing. Throws as load_pipeline(), sources_of(), pipeline::listed().
std::vector<pipeline::Planned> plan_pipeline(const PlanRequest& request,
                                             const io::RasterOpener& opener,
                                             const Context& context);

// Works on what the journal has, until the context ends. Throws as open_works().
void work_pipeline(const WorkRequest& request, const io::RasterOpener& opener,
                   const pipeline::OnDone& on_done, const Context& context);

// Announces what happens in the pipeline's folder and works on it, until the context
// ends. on_resync: see pipeline::watch(). Throws as open_works() and pipeline::watch().
void watch_pipeline(const WatchRequest& request, const io::RasterOpener& opener,
                    const pipeline::OnDone& on_done,
                    const std::function<void(const pipeline::Resync&)>& on_resync,
                    const Context& context);

// Tells the journal of what a notification of S3 tells, as far as the pipeline takes it.
// Throws as s3_events_of(), pipeline::arrival_of() and Journal::announce().
pipeline::Resync announce_s3(const Works& works, std::string_view notification,
                             const Context& context = {});

// Which events a request means.
catalog::EventQuery query_of(const EventsRequest& request,
                             const pipeline::Pipeline& pipeline);

}  // namespace terrazzo::jobs
