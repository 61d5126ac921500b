#include "terrazzo/http/hits.hpp"

#include <doctest/doctest.h>

#include "support/site.hpp"
#include "terrazzo/http/wire.hpp"

using namespace terrazzo;
using namespace terrazzo::http;
using namespace terrazzo::http::testing;

namespace {

constexpr std::string_view tile = "/singleband/S2/20240601/a/5/16/15.png";

using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

// The head without what differs from time to time.
std::string lines_of(Response response) {
  std::erase_if(response.headers,
                [](const auto& h) { return h.first == "Server-Timing"; });
  return head_lines(response);
}

// What the long way remembers is believed for a moment only: asked again if a slow
// machine has let it pass. asked: how often it was.
std::optional<ReadyAnswer> hit(World& site, std::string_view target,
                               const Headers& headers = {},
                               std::string_view method = "GET", int* asked = nullptr) {
  Pairs texts;
  for (const auto& [name, value] : headers)
    if (name == "origin") texts.emplace_back(name, value);
  for (int i = 1; i <= 100; ++i) {
    site.ask(target, texts);
    if (asked != nullptr) *asked = i;
    if (auto answer = site.app().at_once({method, target, headers})) return answer;
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("a picture asked for before is at hand, with the same head and bytes") {
  World site;
  CHECK(!site.app().at_once({"GET", tile, {}}));
  const auto answer = hit(site, tile);
  REQUIRE(answer);
  Response first = site.ask(tile);
  CHECK(answer->body.view().data() == first.body.view().data());  // not a copy
  CHECK(*answer->head == lines_of(first) + "Server-Timing: cache;desc=hit\r\n");
  CHECK(hit(site, tile, {}, "HEAD"));
}

TEST_CASE("a client that has the picture is told so at once") {
  World site;
  Response first = site.ask(tile);
  std::string etag;
  for (const auto& [name, value] : first.headers)
    if (name == "ETag") etag = value;
  const auto answer = hit(site, tile, {{"If-None-Match", etag}});
  REQUIRE(answer);
  CHECK(answer->head->starts_with("HTTP/1.1 304 "));
  CHECK(answer->body.empty());
  CHECK(*answer->head == lines_of(site.ask(tile, {{"if-none-match", etag}})));
}

TEST_CASE("pages of different origins get their own headers at once") {
  World site;
  const Headers local{{"origin", "http://localhost:1"}};
  const Headers foreign{{"origin", "http://elsewhere"}};
  CHECK(hit(site, tile, local)->head->find("Allow-Origin: http://localhost:1") !=
        std::string::npos);
  CHECK(hit(site, tile, foreign)->head->find("Allow-Origin") == std::string::npos);
}

TEST_CASE("ranges, other methods and what is no picture take the long way") {
  World site;
  REQUIRE(hit(site, tile));
  CHECK(!hit(site, tile, {{"range", "bytes=1-2"}}));
  CHECK(!hit(site, tile, {}, "OPTIONS"));
  CHECK(!hit(site, "/keys"));
  CHECK(!hit(site, "/singleband/S2/20240601/gone/5/16/15.png"));
}

TEST_CASE("nothing is remembered without memory for it") {
  maps::Settings settings;
  settings.raster_cache_size = 0;
  World site{settings};
  CHECK(!hit(site, tile));
}

TEST_CASE("answers at hand are counted") {
  World site;
  int asked = 0;
  REQUIRE(hit(site, tile, {}, "GET", &asked));
  const auto metrics = site.ask("/metrics");
  CHECK(metrics.body.view().find(fmt::format(
            "terrazzo_requests_total{{route=\"singleband\",status=\"200\"}} {}\n",
            asked + 1)) != std::string_view::npos);
}
