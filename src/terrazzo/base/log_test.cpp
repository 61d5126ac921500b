#include "terrazzo/base/log.hpp"

#include <doctest/doctest.h>

#include <array>
#include <thread>
#include <vector>

#include "support/stderr.hpp"
#include "terrazzo/base/text.hpp"

using namespace terrazzo;

namespace {

const Time moment = time_from_iso("2018-05-01T12:30:59.25Z");

std::string line_of(log::Format format, std::string_view message,
                    std::initializer_list<log::Field> fields) {
  return log::line(format, log::Level::warning, moment, message,
                   {fields.begin(), fields.size()});
}

}  // namespace

TEST_CASE("a plain line holds time, level, message and fields") {
  CHECK(
      line_of(log::Format::plain, "slow \"tile\"",
              {{"key", "S2/B04"}, {"ms", 3.5}, {"path", "a b"}, {"n", nullptr}}) ==
      "2018-05-01T12:30:59.250000Z warning slow \"tile\" key=S2/B04 ms=3.5 path=\"a b\" "
      "n=null");
}

TEST_CASE("a JSON line is one JSON object") {
  const auto line = line_of(log::Format::json, "a\n\"b\"", {{"ms", 3.5}, {"ok", true}});
  CHECK(line.find('\n') == std::string::npos);
  const Json json = Json::parse(line);
  CHECK(json["message"] == "a\n\"b\"");
  CHECK(json["level"] == "warning");
  CHECK(json["time"] == "2018-05-01T12:30:59.250000Z");
  CHECK(json["ms"] == 3.5);
  CHECK(json["ok"] == true);
}

TEST_CASE("text of strangers cannot begin a line or break the encoding") {
  for (const auto format : {log::Format::plain, log::Format::json}) {
    const auto line =
        line_of(format, "x\nfake\r\x1B[0m\xFF\x7F\xC2\x9B", {{"path", "y\nfake\xFF"}});
    CHECK(shown(line, 1000) == line);
  }
}

TEST_CASE("names of levels and formats are read and others refused") {
  CHECK(log::level_from("critical") == log::Level::critical);
  CHECK(log::format_from("json") == log::Format::json);
  CHECK_THROWS_WITH_AS(
      log::level_from("loud"),
      doctest::Contains("no log level is called 'loud'; there are: debug, info"), Error);
}

TEST_CASE("only events of the configured level are written, whole, from any thread") {
  log::configure(log::Level::info, log::Format::json);
  constexpr int events = 50;
  constexpr int threads = 4;
  const auto text = testing::stderr_of([] {
    std::vector<std::jthread> running;
    for (int t = 0; t < threads; ++t)
      running.emplace_back([t] {
        for (int i = 0; i < events; ++i) {
          log::debug("not written");
          log::info("written", {{"thread", t}, {"event", i}});
        }
      });
  });
  log::configure(log::Level::warning, log::Format::plain);
  CHECK_FALSE(log::is_enabled(log::Level::info));
  const auto lines = split(trimmed(text), '\n');
  CHECK(lines.size() == events * threads);
  std::array<int, threads> next{};
  for (const auto line : lines) {
    const Json json = Json::parse(line);
    CHECK(json["message"] == "written");
    CHECK(json["event"] == next.at(json["thread"].get<std::size_t>())++);
  }
}
