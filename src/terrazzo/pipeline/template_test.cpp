#include "terrazzo/pipeline/template.hpp"

#include <doctest/doctest.h>

#include "support/thrown.hpp"

namespace terrazzo::pipeline {

TEST_CASE("a template is filled with attributes") {
  const Template text{"{county}/{year}/{{x}}/{year}.tif"};
  CHECK(text.names() == std::vector<std::string>{"county", "year"});
  CHECK(text.has("year"));
  CHECK_FALSE(text.has("x"));
  CHECK(text.fill({{"county", "Travis"}, {"year", "1953"}}) ==
        "Travis/1953/{x}/1953.tif");
  CHECK(Template{"all"}.fill({}) == "all");
  CHECK(Template{""}.fill({}).empty());
}

TEST_CASE("a template with a stray brace, or an attribute that is missing, is refused") {
  for (const char* text : {"{a", "a}", "{}", "{a b}", "{a{b}}", "{é}"})
    CHECK(testing::kind_of([&] { Template{text}; }) == ErrorKind::invalid_input);
  CHECK(testing::error_of([] {
          (void)Template{"{a}/{b}"}.fill({{"a", "1"}});
        }).message() == "'{a}/{b}' cannot be filled in: there is no attribute 'b'");
}

}  // namespace terrazzo::pipeline
