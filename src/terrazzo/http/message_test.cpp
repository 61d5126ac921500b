#include "terrazzo/http/message.hpp"

#include <random>

#include <doctest/doctest.h>

#include "terrazzo/http/text.hpp"

using namespace terrazzo::http;

namespace {

Request split(std::string_view target) {
  Request request;
  split_target(target, request);
  return request;
}

}  // namespace

TEST_CASE("a target is split into its decoded path and query") {
  const Request request = split("/a%20b/c+d?x=1&y=%5B2%5D&x=z&flag&s=a+b%2B");
  CHECK(request.path == "/a b/c+d");
  CHECK(request.query ==
        Pairs{{"x", "1"}, {"y", "[2]"}, {"x", "z"}, {"flag", ""}, {"s", "a b+"}});
  CHECK(*request.parameter("x") == "1");
  CHECK(request.parameter("nope") == nullptr);
}

TEST_CASE("odd targets have a sensible reading") {
  CHECK(split("").path == "/");
  CHECK(split("*").path == "/*");
  CHECK(split("?a=1").path == "/");
  CHECK(split("/a%2Fb%zz%4").path == "/a/b%zz%4");
  CHECK(split("/%ff%C3%A9").path == "/\uFFFD\u00E9");
  CHECK(split("http://host:80/a?b=1").path == "/a");
  CHECK(split("https://host?b=1").query == Pairs{{"b", "1"}});
  CHECK(split("/a#b?c").path == "/a");
  CHECK(split("/a?&&b==c&=d").query == Pairs{{"b", "=c"}, {"", "d"}});
}

TEST_CASE("headers are found by their lower-case name") {
  Request request;
  request.headers = {{"accept", "x"}, {"accept", "y"}};
  CHECK(request.header("accept") == "x");
  CHECK(request.header("range").empty());
}

TEST_CASE("headers of a view are found whatever their capitals") {
  const std::pair<std::string_view, std::string_view> headers[]{{"If-None-MATCH", "a"},
                                                                {"if-none-match", "b"}};
  const RequestView view{"GET", "/", headers};
  CHECK(view.header("if-none-match") == "a");
  CHECK(view.header("if-none").empty());
}

TEST_CASE("whatever bytes come, path and query are UTF-8") {
  std::mt19937 random{7};
  std::uniform_int_distribution<int> byte{0, 255};
  constexpr std::string_view likely = "/%?&=+ab1fF#:";
  for (int round = 0; round < 5000; ++round) {
    std::string target;
    for (int i = byte(random) % 40; i > 0; --i)
      target.push_back(
          byte(random) < 128
              ? likely[static_cast<std::size_t>(byte(random)) % likely.size()]
              : static_cast<char>(byte(random)));
    const Request request = split(target);
    REQUIRE(request.path.starts_with('/'));
    REQUIRE(is_utf8(request.path));
    for (const auto& [name, value] : request.query)
      REQUIRE((is_utf8(name) && is_utf8(value)));
  }
}
