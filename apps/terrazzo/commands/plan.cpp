#include <algorithm>

#include "command.hpp"
#include "options.hpp"
#include "stop.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/jobs/pipelines.hpp"

namespace terrazzo::app {
namespace {

using pipeline::Planned;
using pipeline::Verdict;

Json json_of(const Planned& planned) {
  Json json{{"file", planned.uri},
            {"verdict", verdict_name(planned.verdict)},
            {"reason", planned.reason},
            {"bytes", planned.bytes}};
  if (planned.verdict != Verdict::run) return json;
  json["attributes"] = planned.attributes;
  json["outputs"] = planned.outputs;
  json["records"] = planned.records;
  json["frames"] = planned.frames;
  return json;
}

std::string text_of(const Planned& planned) {
  auto text = fmt::format("{:<8} {}  {}", verdict_name(planned.verdict), planned.uri,
                          planned.reason);
  if (planned.verdict == Verdict::run)
    for (const auto& output : planned.outputs) text += "\n         -> " + output;
  return text;
}

int run(const jobs::PlanRequest& request, const Session& session) {
  const StopOnSignals stop;
  const auto opener = formats::gdal_opener();
  const auto plans = jobs::plan_pipeline(request, *opener, {.stop = stop.token()});
  Json list = Json::array();
  std::string text;
  for (const Planned& planned : plans) {
    list.push_back(json_of(planned));
    text += text_of(planned) + '\n';
  }
  const auto count = [&](Verdict verdict) {
    return std::ranges::count(plans, verdict, &Planned::verdict);
  };
  session.result(list, fmt::format("{}{} to be run, {} already done, {} skipped, {} "
                                   "would fail; nothing was done",
                                   text, count(Verdict::run), count(Verdict::already),
                                   count(Verdict::skip), count(Verdict::fail)));
  return 0;
}

Run declare(CLI::App& app) {
  const auto options = options_of<jobs::PlanRequest>(
      app, "plan", {{"pipeline", "pipeline"}, {"files", "files"}});
  return [options](const Session& session) {
    return run(options->read<jobs::PlanRequest>(), session);
  };
}

}  // namespace

extern const CommandKind command_plan;
constinit const CommandKind command_plan{
    "plan", "Tell what a pipeline would do with files, and why, without doing it.",
    declare};

}  // namespace terrazzo::app
