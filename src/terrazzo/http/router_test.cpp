#include "terrazzo/http/router.hpp"

#include <doctest/doctest.h>

using namespace terrazzo;
using namespace terrazzo::http;

namespace {

const Router router{route_kinds()};

std::string page(std::string_view path, std::string_view method = "GET") {
  const Match match = router.find(method, path);
  if (!match.redirect.empty()) return "-> " + match.redirect;
  if (match.route == nullptr) return "404";
  if (match.endpoint == nullptr)
    return method == "OPTIONS" ? match.allow : "405 " + match.allow;
  std::string found{match.endpoint->pattern};
  for (const auto& [name, value] : match.path) found += " " + name + "=" + value;
  return found;
}

}  // namespace

TEST_CASE("paths lead to endpoints, with the values of their patterns") {
  CHECK(page("/keys") == "/keys");
  CHECK(page("/metadata/a/b") == "/metadata/{keys:path} keys=a/b");
  CHECK(page("/metadata/..") == "/metadata/{keys:path} keys=..");
  CHECK(page("/singleband/a/b/1/02/3.png") ==
        "/singleband/{keys:path}/{tile_z:int}/{tile_x:int}/{tile_y:int}.{format:word} "
        "format=png keys=a/b tile_x=02 tile_y=3 tile_z=1");
  CHECK(page("/rgb/1/2/3.png") ==
        "/rgb/{tile_z:int}/{tile_x:int}/{tile_y:int}.{format:word} format=png tile_x=2 "
        "tile_y=3 tile_z=1");
  CHECK(page("/rgb/preview.webp") == "/rgb/preview.{format:word} format=webp");
  CHECK(page("/rgb/preview.png/preview.png16") ==
        "/rgb/{keys:path}/preview.{format:word} format=png16 keys=preview.png");
}

TEST_CASE("what Werkzeug does not find is not found") {
  for (const auto path : {"/nope",
                          "/keys/",
                          "/keys//",
                          "/metadata/",
                          "/singleband/12/2202/1330.png",
                          "/singleband/preview.png",
                          "/singleband/a/preview.png/",
                          "/singleband/a/3/-1/1.png",
                          "/singleband/a/3/1.5/1.png",
                          "/singleband/a/3/1/1.",
                          "/singleband/a/3/1/1@2x.png",
                          "/singleband/a/3/1/1png",
                          "/singleband/a/3/1/1.p.ng",
                          "/singleband/a/preview.",
                          "/singleband/a/preview",
                          "/singleband/a/1/2/3.PNG",
                          "/singleband/a/1/2/.png",
                          "/./keys",
                          "/a/../keys",
                          "/nope//x",
                          "/Keys",
                          ""}) {
    CAPTURE(path);
    CHECK(page(path) == "404");
  }
}

TEST_CASE("a slash at the end and empty parts are part of keys") {
  CHECK(page("/metadata/a/b/") == "/metadata/{keys:path} keys=a/b/");
  CHECK(page("/metadata/a//b") == "/metadata/{keys:path} keys=a//b");
}

TEST_CASE("double slashes that hide a page are redirected") {
  CHECK(page("//keys") == "-> /keys");
  CHECK(page("/metadata//a/b") == "-> /metadata/a/b");
  CHECK(page("/singleband/a/1//2/3.png") == "-> /singleband/a/1/2/3.png");
  CHECK(page("/rgb//1/2/3.png") == "-> /rgb/1/2/3.png");
}

TEST_CASE("methods are told apart, HEAD goes with GET") {
  CHECK(page("/keys", "HEAD") == "/keys");
  CHECK(page("/keys", "POST") == "405 GET, HEAD, OPTIONS");
  CHECK(page("/keys", "OPTIONS") == "GET, HEAD, OPTIONS");
  CHECK(page("/metadata") == "405 OPTIONS, POST");
  CHECK(page("/metadata", "HEAD") == "405 OPTIONS, POST");
  CHECK(page("/metadata", "POST") == "/metadata");
  CHECK(page("/metadata/a", "POST") == "405 GET, HEAD, OPTIONS");
  CHECK(page("/nope", "POST") == "404");
  CHECK(page("/keys/", "OPTIONS") == "404");
}

TEST_CASE("every endpoint is found under its own pattern and named once") {
  std::map<std::string, int> seen;
  for (const RouteKind* route : route_kinds()) {
    CHECK(!route->summary.empty());
    for (const Endpoint& endpoint : route->endpoints)
      ++seen[std::string{endpoint.method} + std::string{endpoint.pattern}];
  }
  for (const auto& [name, count] : seen) {
    CAPTURE(name);
    CHECK(count == 1);
  }
}
