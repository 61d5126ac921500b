#include <iostream>
#include <iterator>

#include "command.hpp"
#include "options.hpp"
#include "stop.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/jobs/pipelines.hpp"

namespace terrazzo::app {
namespace {

constexpr std::size_t most_bytes = std::size_t{16} << 20;  // of a notification

using catalog::Event;
using jobs::EventsRequest;
using jobs::Works;

Json json_of(const Event& event) {
  Json json{{"file", event.uri},
            {"state", state_name(event.state)},
            {"generation", event.generation},
            {"published", event.published},
            {"attempts", event.attempts},
            {"lost", event.lost},
            {"arrived", iso_text(event.arrived)},
            {"changed", iso_text(event.changed)}};
  if (event.due) json["due"] = iso_text(*event.due);
  if (!event.worker.empty()) json["worker"] = event.worker;
  if (!event.error_kind.empty()) json["kind"] = event.error_kind;
  if (!event.error.empty()) json["text"] = event.error;
  return json;
}

std::string line_of(const Event& event) {
  auto line = fmt::format("{:<8} {}", state_name(event.state), event.uri);
  if (!event.error.empty()) line += "  " + event.error;
  if (event.state == catalog::State::failed && event.due)
    line += fmt::format(" (again at {})", iso_text(*event.due));
  return line;
}

Json explanation_of(const Event& event, const catalog::Journal& journal) {
  Json json = json_of(event);
  json["runs"] = Json::array();
  for (const auto& attempt : journal.attempts(event.number)) {
    Json run{{"attempt", attempt.number},
             {"step", attempt.run.step},
             {"seconds", attempt.run.seconds},
             {"peak_bytes", attempt.run.peak_bytes},
             {"at", iso_text(attempt.at)}};
    if (!attempt.run.error.empty()) run["error"] = attempt.run.error;
    json["runs"].push_back(std::move(run));
  }
  json["outputs"] = Json::array();
  for (const auto& output : journal.outputs(event.number))
    json["outputs"].push_back(
        {{"kind", output.kind}, {"name", output.name}, {"published", output.published}});
  return json;
}

// What happens next, in words.
std::string_view prospect_of(catalog::State state) {
  using enum catalog::State;
  switch (state) {
    case queued:
      return "It waits for a worker.";
    case running:
      return "A worker has it; if that dies, another takes it when it is due.";
    case done:
      return "Its outputs are published; nothing happens until it changes.";
    case failed:
      return "It is tried again when it is due.";
    case dead:
      return "It was given up: mend the cause, then use events retry or discard.";
    case skipped:
      return "Nothing is to be done with it; events retry takes it up again.";
    case deleted:
      return "The file is gone and its outputs are withdrawn.";
  }
  return "";
}

std::string text_of(const Event& event, const catalog::Journal& journal) {
  auto text =
      fmt::format("{}\n  {}\n  arrived {}, changed {}, {} attempts, {} lost\n",
                  line_of(event), prospect_of(event.state), iso_text(event.arrived),
                  iso_text(event.changed), event.attempts, event.lost);
  for (const auto& attempt : journal.attempts(event.number))
    text += fmt::format("  {} attempt {}: {} {:.3f} s, {} MB{}{}\n", iso_text(attempt.at),
                        attempt.number, attempt.run.step, attempt.run.seconds,
                        attempt.run.peak_bytes >> 20U,
                        attempt.run.error.empty() ? "" : ": ", attempt.run.error);
  for (const auto& output : journal.outputs(event.number))
    text += fmt::format("  {} {} {}\n", output.published ? "published" : "reserved",
                        output.kind, output.name);
  return text;
}

int show(const EventsRequest& request, const Works& works, const Session& session) {
  const bool explains = request.action == "explain";
  Json list = Json::array();
  std::string text;
  for (const Event& event :
       works.journal->events(jobs::query_of(request, works.pipeline))) {
    list.push_back(explains ? explanation_of(event, *works.journal) : json_of(event));
    text += explains ? text_of(event, *works.journal) : line_of(event) + '\n';
  }
  text += fmt::format("{} events", list.size());
  session.result(list, text);
  return 0;
}

// Of a file, or of the standard input.
std::string text_of_file(const std::string& path) {
  if (path != "-") return read_file(path, most_bytes);
  return {std::istreambuf_iterator<char>{std::cin}, {}};
}

int announce(const EventsRequest& request, const Works& works, const Session& session) {
  pipeline::Resync found;
  if (!request.s3.empty()) {
    found = jobs::announce_s3(works, text_of_file(request.s3));
  } else if (request.files.empty()) {
    found = pipeline::resync(works.pipeline, *works.journal);
  } else {
    for (const auto& file : request.files) {
      const auto answer = works.journal->announce(
          pipeline::arrival_of(works.pipeline, pipeline::source_uri(file)));
      ++found.files;
      found.queued += answer == catalog::Announced::queued ? 1 : 0;
      found.removed += answer == catalog::Announced::removed ? 1 : 0;
    }
  }
  session.result(
      {{"files", found.files}, {"queued", found.queued}, {"removed", found.removed}},
      fmt::format("{} files, {} new or changed, {} removed", found.files, found.queued,
                  found.removed));
  return 0;
}

int change(const EventsRequest& request, const Works& works, const Session& session) {
  const auto query = jobs::query_of(request, works.pipeline);
  const auto count = request.action == "discard" ? works.journal->discard(query)
                                                 : works.journal->requeue(query);
  session.result({{"events", count}},
                 fmt::format("{} events {}", count,
                             request.action == "discard" ? "discarded" : "queued"));
  return 0;
}

int run(const EventsRequest& request, const Session& session) {
  const auto works = jobs::open_works(request.pipeline);
  if (request.action == "announce") return announce(request, works, session);
  if (request.action == "list" || request.action == "explain")
    return show(request, works, session);
  return change(request, works, session);
}

Run declare(CLI::App& app) {
  const auto options = options_of<EventsRequest>(
      app, "events",
      {{"action", "action"}, {"pipeline", "pipeline"}, {"files", "files"}});
  return [options](const Session& session) {
    return run(options->read<EventsRequest>(), session);
  };
}

}  // namespace

extern const CommandKind command_events;
constinit const CommandKind command_events{
    "events", "Look at the journal of a pipeline, or change what becomes of its files.",
    declare};

}  // namespace terrazzo::app
