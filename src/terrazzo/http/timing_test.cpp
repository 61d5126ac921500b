#include "terrazzo/http/timing.hpp"

#include <doctest/doctest.h>

#include "support/http_server.hpp"
#include "support/site.hpp"

using namespace terrazzo;
using namespace terrazzo::http;
using namespace terrazzo::http::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view tile = "/singleband/S2/20240601/a/5/16/15.png";

std::string timing(const Response& response) {
  for (const auto& [name, text] : response.headers)
    if (name == timing_header) return text;
  return {};
}

}  // namespace

TEST_CASE("stages that took time are told in milliseconds, in their order") {
  Stages stages;
  stages.add(Stage::draw, 1500us);
  stages.add(Stage::queue, 20us);
  CHECK(timing_text(stages, 2ms, false) ==
        "queue;dur=0.02, draw;dur=1.50, total;dur=2.00");
  CHECK(timing_text(stages, 2ms, true).starts_with("cache;desc=miss, queue"));
  stages.is_hit = true;
  CHECK(timing_text(stages, 2ms, true).starts_with("cache;desc=hit, queue"));
}

TEST_CASE("every answer tells its stages, a picture also whether it was there") {
  const World site;
  const std::string drawn = timing(site.ask(tile));
  CHECK(drawn.starts_with("cache;desc=miss, plan;dur="));
  for (const char* stage : {"warp", "draw", "encode", "total"})
    CHECK(drawn.find(fmt::format(", {};dur=", stage)) != drawn.npos);
  const std::string kept = timing(site.ask(tile));
  CHECK(kept.starts_with("cache;desc=hit, plan;dur="));
  CHECK(kept.find("draw") == kept.npos);
  CHECK(timing(site.ask("/keys")).starts_with("total;dur="));
}

TEST_CASE("the time in the queue is told, too") {
  Running server{[](const Request&, const Context& context) {
    Response response;
    response.body = timing_text(*context.stages, {}, false);
    return response;
  }};
  Client client{server.port()};
  CHECK(client.get("/").find("\r\n\r\nqueue;dur=") != std::string::npos);
}
