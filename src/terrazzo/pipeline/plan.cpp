#include "terrazzo/pipeline/plan.hpp"

#include <array>
#include <map>

#include "terrazzo/base/text.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/pipeline/runner.hpp"

namespace terrazzo::pipeline {
namespace {

using catalog::State;

// What the journal says of the file, if that settles it.
void look_up(Planned& planned, const Pipeline& pipeline, const catalog::Journal& journal,
             const std::string& generation) {
  const auto events = journal.events({.pipeline = pipeline.name, .uris = {planned.uri}});
  if (events.empty()) return;
  const auto& event = events.front();
  if (event.state == State::deleted) {
    planned.reason = "it is back after it was removed";
  } else if (event.generation != generation) {
    planned.reason = "its content has changed";
  } else if (event.recipe != pipeline.recipe) {
    planned.reason = "the pipeline has changed";
  } else if (event.state == State::queued || event.state == State::failed) {
    planned.reason = fmt::format("it is {}", state_name(event.state));
  } else {
    planned.verdict = Verdict::already;
    planned.reason = fmt::format("it is {}", state_name(event.state));
    if (!event.error.empty()) planned.reason += ": " + event.error;
  }
}

void take_steps(Planned& planned, const Pipeline& pipeline,
                const io::RasterOpener& opener, const std::string& generation,
                const Context& context) {
  const Tools tools{opener, pipeline.outputs};
  auto item = new_item(pipeline, planned.uri, generation);
  for (const auto& [name, step] : pipeline.steps) {
    step->plan(item, tools, context);
    if (!item.skipped) continue;
    planned.verdict = Verdict::skip;
    planned.reason = *item.skipped;
    return;
  }
  planned.attributes = item.attributes;
  for (const auto& output : item.outputs) planned.outputs.push_back(output.uri);
  for (const auto& record : item.publication.records)
    planned.records.push_back(record.keys);
  for (const auto& frame : item.publication.frames)
    planned.frames.push_back(frame.collection + '/' + frame.name);
}

// Names of what two files cannot both publish.
std::vector<std::string> names_of(const Planned& planned) {
  std::vector<std::string> names;
  for (const auto& keys : planned.records)
    names.push_back(fmt::format("record ({})", fmt::join(keys, ", ")));
  for (const auto& frame : planned.frames) names.push_back("frame " + frame);
  return names;
}

// Two files of one name: the second one would fail.
class Names {
 public:
  void take(Planned& planned) {
    const auto names = names_of(planned);
    for (const std::string& name : names) {
      const auto other = from_.find(name);
      if (other == from_.end()) continue;
      planned.verdict = Verdict::fail;
      planned.reason = fmt::format("{} comes from '{}' already", name, other->second);
      return;
    }
    for (const std::string& name : names) from_[name] = planned.uri;
  }

 private:
  std::map<std::string, std::string> from_;
};

Planned plan_of(const Pipeline& pipeline, const catalog::Journal* journal,
                const io::RasterOpener& opener, const std::string& uri,
                const Context& context) {
  Planned planned{.uri = uri, .reason = "it is new"};
  try {
    const auto source = io::open_bytes(uri, context);
    planned.bytes = source->size();
    if (journal != nullptr) look_up(planned, pipeline, *journal, source->generation());
    if (planned.verdict == Verdict::run)
      take_steps(planned, pipeline, opener, source->generation(), context);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::timeout) throw;
    planned.verdict = Verdict::fail;
    planned.reason = error.message();
  }
  return planned;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) noexcept {
  constexpr std::array<std::string_view, 4> names{"run", "already", "skip", "fail"};
  return names[static_cast<std::size_t>(verdict)];
}

std::vector<Planned> plan(const Pipeline& pipeline, const catalog::Journal* journal,
                          const io::RasterOpener& opener,
                          const std::vector<std::string>& uris, const Context& context) {
  std::vector<Planned> plans;
  Names names;
  for (const std::string& uri : uris) {
    context.check();
    plans.push_back(plan_of(pipeline, journal, opener, uri, context));
    names.take(plans.back());
  }
  return plans;
}

}  // namespace terrazzo::pipeline
