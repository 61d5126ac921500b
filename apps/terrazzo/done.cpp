#include "done.hpp"

#include <algorithm>
#include <cstdio>

namespace terrazzo::app {
namespace {

using catalog::State;

bool is_failure(const pipeline::Done& done) {
  return done.state == State::failed || done.state == State::dead;
}

}  // namespace

std::string line_of(const pipeline::Done& done) {
  auto line = fmt::format("{:<8} {}", state_name(done.state), done.uri);
  if (done.seconds > 0) line += fmt::format("  {:.2f} s", done.seconds);
  if (!done.outputs.empty())
    line += fmt::format("  -> {}", fmt::join(done.outputs, ", "));
  if (!done.text.empty()) line += "  " + done.text;
  return line;
}

Json json_of(const pipeline::Done& done) {
  Json json{{"file", done.uri}, {"state", state_name(done.state)}};
  if (is_failure(done)) json["kind"] = error_facts(done.kind).name;
  if (!done.text.empty()) json["text"] = done.text;
  if (done.seconds > 0) json["seconds"] = done.seconds;
  if (!done.outputs.empty()) json["outputs"] = done.outputs;
  return json;
}

pipeline::OnDone print_done(const Session& session) {
  return [json = session.json, quiet = session.quiet](const pipeline::Done& done) {
    if (json)
      fmt::print("{}\n",
                 json_of(done).dump(-1, ' ', false, Json::error_handler_t::replace));
    else if (!quiet)
      fmt::print("{}\n", line_of(done));
    std::fflush(stdout);
  };
}

int exit_code(const std::vector<pipeline::Done>& all) {
  auto worst = ErrorKind::invalid_input;
  bool is_good = true;
  for (const auto& done : all) {
    if (done.state == State::done) continue;
    is_good = false;
    if (is_failure(done)) worst = std::max(worst, done.kind);
  }
  return is_good ? 0 : error_facts(worst).exit_code;
}

}  // namespace terrazzo::app
