#include "terrazzo/base/pattern.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "terrazzo/base/error.hpp"

using namespace terrazzo;

namespace {

// "sensor=S2 band=B04", "no" if the path does not fit.
std::string matched(std::string_view pattern, std::string_view path) {
  const auto values = Pattern::parse(pattern).match(path);
  if (!values) return "no";
  std::string out;
  for (const auto& [name, value] : *values)
    out += (out.empty() ? "" : " ") + name + "=" + value;
  return out;
}

std::string message_of(std::string_view pattern) {
  try {
    Pattern::parse(pattern);
  } catch (const Error& e) {
    return e.message();
  }
  return "";
}

}  // namespace

TEST_CASE("a pattern finds the keys in a path") {
  CHECK(matched("/d/{sensor}/{date}_{band}.tif", "/d/S2/20180101_B04.tif") ==
        "sensor=S2 date=20180101 band=B04");
  CHECK(matched("/d/{sensor}.tif", "/d/S2.tiff") == "no");
  CHECK(matched("/d/{sensor}.tif", "/x/d/S2.tif") == "no");
  CHECK(matched("/d/{sensor}.tif", "/d/.tif") == "no");
  CHECK(matched("/d/{sensor}.tif", "/d/a/b.tif") == "no");
  CHECK(matched("{a}{b}", "xyz") == "a=xy b=z");
  CHECK(matched("{a}", "") == "no");
  CHECK(matched("{Straße}_{年}.tif", "Köln_2018.tif") == "Straße=Köln 年=2018");
}

TEST_CASE("values may hold what Terracotta's may not") {
  CHECK(matched("{date}_{band}.tif", "2018-01-01_B04.tif") == "date=2018-01-01 band=B04");
  CHECK(matched("{name}.tif", "my_scene.v1.tif") == "name=my_scene.v1");
  CHECK(matched("{site}_{year}.tif", "my_site_2018.tif") == "site=my_site year=2018");
}

TEST_CASE("letters and digits are preferred where Terracotta would have found them") {
  CHECK(matched("{}{name}.tif", "my_scene.tif") == "name=scene");
  CHECK(matched("{name}{}.tif", "my_scene.tif") == "name=my");
  CHECK(matched("{name}{}", "scene_1.tif") == "name=scene");
}

TEST_CASE("a repeated name stands for the same value") {
  CHECK(matched("{date}/{band}_{date}.tif", "2018/B04_2018.tif") == "date=2018 band=B04");
  CHECK(matched("{date}/{band}_{date}.tif", "2018/B04_2019.tif") == "no");
  CHECK(matched("{a}{a}", "abab") == "a=ab");
  CHECK(matched("{a}{b}{a}{b}", "xyzxyz") == "a=xy b=z");
  CHECK(matched("{a}-{a}", "x-y-x-y") == "a=x-y");
  CHECK(Pattern::parse("{b}/{a}/{b}").names() == std::vector<std::string>{"b", "a"});
}

TEST_CASE("{} and * are anything but a slash, braces are doubled") {
  CHECK(matched("{}/{a}.tif", "x/1.tif") == "a=1");
  CHECK(matched("*/{a}*.tif", "x/1.tif") == "a=1");
  CHECK(matched("{}/{a}.tif", "x/y/1.tif") == "no");
  CHECK(matched("{{{a}}}.tif", "{1}.tif") == "a=1");
}

TEST_CASE("the glob of a pattern finds its paths") {
  CHECK(Pattern::parse("/d/{a}/{b}{}_[x]?{{.tif").glob() == "/d/*/*_[[]x][?]{.tif");
}

TEST_CASE("a filled pattern matches its own values") {
  const auto pattern = Pattern::parse("/d/{a}/{b}_{a}.tif");
  CHECK(pattern.fill({{"a", "S-2"}, {"b", "é"}}) == "/d/S-2/é_S-2.tif");
  CHECK(matched("/d/{a}/{b}_{a}.tif", "/d/S-2/é_S-2.tif") == "a=S-2 b=é");
  CHECK_THROWS_WITH_AS(pattern.fill({{"a", "x"}}), doctest::Contains("value for 'b'"),
                       Error);
  for (const char* wrong : {"", "../x", "a\nb", "\xFF"})
    CHECK_THROWS_WITH_AS(pattern.fill({{"a", "x"}, {"b", wrong}}),
                         doctest::Contains("in a path"), Error);
  CHECK_THROWS_AS(Pattern::parse("{a}*").fill({{"a", "x"}}), Error);
}

TEST_CASE("what is wrong with a pattern is said") {
  CHECK(message_of("/d/x.tif") ==
        "the pattern '/d/x.tif' has no placeholder; write {name} where a key stands");
  CHECK(message_of("/d/{}.tif").find("no placeholder") != std::string::npos);
  for (const char* wrong : {"{a", "a}", "{a}{", "{a}}", "{a{b}}", "{", "}", "{a}}}{"})
    CHECK_MESSAGE(message_of(wrong).find("without its partner") != std::string::npos,
                  wrong);
  for (const char* wrong :
       {"{a-b}", "{a:04d}", "{a!r}", "{a.b}", "{ a}", "{\xFF}", "{a→}"})
    CHECK_MESSAGE(message_of(wrong).find("names are made of") != std::string::npos,
                  wrong);
  CHECK(message_of("{limit}").find("keeps this name") != std::string::npos);
  CHECK(message_of("{page}").find("keeps this name") != std::string::npos);
  CHECK(message_of(std::string(5000, 'x')).find("at most 4096 bytes") !=
        std::string::npos);
}

TEST_CASE("hostile patterns and paths come to an end") {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "{a" + std::to_string(i) + "}{}";
  CHECK(matched(pattern + "!", std::string(4000, 'a')) == "no");
  CHECK(matched(pattern, std::string(4000, 'a')) != "no");
  CHECK(matched("{a}", std::string(10'000, 'a')) == "no");
  std::string repeated = "{x}{y}{z}";
  for (int i = 0; i < 3; ++i) repeated += "{}{x}{y}{z}";
  try {
    matched(repeated + "b", std::string(1000, 'a') + "b" + std::string(1000, 'a') + "b");
    matched(repeated, "ab" + std::string(2000, 'a'));
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::too_large);
  }
}

TEST_CASE("matching costs at most the bytes of the pattern times those of the path") {
  const auto repeated = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  const auto keys = [](std::string_view between) {
    std::string out;
    for (int i = 0; i < 60; ++i) out += fmt::format("{{a{}}}{}", i, between);
    return out;
  };
  const std::vector<std::string> patterns{keys(""),
                                          keys("{}"),
                                          keys("*a"),
                                          keys("_"),
                                          keys("{}") + "!",
                                          "{a}" + repeated("*a", 100) + "b",
                                          "{a}" + repeated("a", 2000) + "b"};
  const std::vector<std::string> paths{"",
                                       "/",
                                       repeated("a", 1000),
                                       repeated("a", 4000),
                                       repeated("a_", 2000),
                                       repeated("a/", 2000),
                                       repeated("a", 4000) + "b",
                                       repeated("é", 2000)};
  for (const auto& text : patterns)
    for (const auto& path : paths) {
      CAPTURE(text);
      CAPTURE(path);
      std::uint64_t steps = 0;
      Pattern::parse(text).match(path, &steps);
      CHECK(steps > 0);
      CHECK(steps <= 8 * text.size() * (path.size() + 1));
    }
}

TEST_CASE("paths that are not UTF-8 give no values but may be passed over") {
  CHECK(matched("{a}.tif", "\xFF.tif") == "no");
  CHECK(matched("{}/{a}.tif", "\xFF/1.tif") == "a=1");
  CHECK(matched("\xFF/{a}.tif", "\xFF/1.tif") == "a=1");
}
