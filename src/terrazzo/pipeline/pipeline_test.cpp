#include "terrazzo/pipeline/pipeline.hpp"

#include <doctest/doctest.h>

#include "support/thrown.hpp"

namespace terrazzo::pipeline {
namespace {

constexpr std::string_view good = R"(name: aerial
catalogue: db/aerial.sqlite
outputs: products
when:
  folder: incoming
  files: ['*.tif', '*.jp2']
steps:
  - check-name:
      patterns:
        - match: '(?<county>\w+)/(?<date>\d{4}-\d\d-\d\d)_(?<frame>[^/]+)\.tif'
        - match: 'index/(?<frame>[^/]+)\.tif'
          set: {county: none, date: '1900'}
  - cog
  - footprint: {collection: '{county}', name: '{frame}', time: '{date}'}
  - catalogue: {keys: [county, frame]}
)";

std::string with(std::string_view old, std::string_view fresh) {
  std::string text{good};
  const auto at = text.find(old);
  REQUIRE(at != std::string::npos);
  return text.replace(at, old.size(), fresh);
}

std::string refusal(const std::string& text) {
  return testing::error_of([&] { (void)pipeline_of(text, "a.yaml", "/srv"); }).message();
}

Pipeline read(std::string_view text = good) {
  return pipeline_of(text, "a.yaml", "/srv");
}

}  // namespace

TEST_CASE("a pipeline file becomes its steps; paths begin at its folder") {
  const auto pipeline = read();
  CHECK(pipeline.name == "aerial");
  CHECK(pipeline.catalogue == "/srv/db/aerial.sqlite");
  CHECK(pipeline.outputs == "/srv/products");
  CHECK(pipeline.folder == "/srv/incoming");
  REQUIRE(pipeline.steps.size() == 4);
  CHECK(pipeline.steps[1].name == "cog");
  CHECK(pipeline.keys == std::vector<std::string>{"county", "frame"});
  CHECK(read(with("outputs: products", "outputs: s3://b/p")).outputs == "s3://b/p");
  CHECK(read(with("db/aerial.sqlite", "sqlite:////x/a.sqlite")).catalogue ==
        "/x/a.sqlite");
}

TEST_CASE("the recipe differs with steps and options, not with name or comments") {
  const auto recipe = read().recipe;
  CHECK(read(with("name: aerial", "# new\nname: other")).recipe == recipe);
  CHECK(read(with("- cog", "- cog: {profiles: {'1': {level: 9}}}")).recipe != recipe);
  CHECK(read(with("outputs: products", "outputs: others")).recipe != recipe);
}

TEST_CASE("a pipeline takes files of its folder whose names fit, hidden ones aside") {
  const auto pipeline = read();
  CHECK(pipeline.takes("/srv/incoming/a.tif"));
  CHECK(pipeline.takes("/srv/incoming/deep/er/a b+%.jp2"));
  CHECK_FALSE(pipeline.takes("/srv/incoming/a.png"));
  CHECK_FALSE(pipeline.takes("/srv/incoming/.a.tif"));
  CHECK_FALSE(pipeline.takes("/srv/incoming/.hidden/a.tif"));
  CHECK_FALSE(pipeline.takes("/srv/incoming2/a.tif"));
  CHECK_FALSE(pipeline.takes("/elsewhere/a.tif"));
  CHECK(pipeline.name_of("/srv/incoming/x/a.tif") == "x/a.tif");
  CHECK(pipeline.name_of("/elsewhere/x/a.tif") == "a.tif");
}

TEST_CASE("a wrong option is refused by its line, name and what would be right") {
  CHECK(refusal(with("- cog", "- cog:\n      profile: 7")) ==
        "a.yaml:14: step 'cog': 'profile' cannot be 7; it is a string");
  CHECK(refusal(with("- cog", "- cog:\n      profil: x")) ==
        "a.yaml:14: step 'cog': no option is called 'profil'; did you mean 'profile'?");
  CHECK(
      refusal(with("- cog", "- cog:\n      profiles:\n        bw: {quality: 101}")) ==
      "a.yaml:15: step 'cog', profile 'bw': 'quality' cannot be 101; it is at most 100");
  CHECK(refusal(with("- cog", "- cog: {to: '{stem}.tif'}"))
            .find("a.yaml:13: step 'cog': 'to' is '{stem}.tif', without {generation}") ==
        0);
  CHECK(refusal(with("keys: [county, frame]", "keys: [county, fram]")) ==
        "a.yaml:15: step 'catalogue': there is no attribute 'fram' here; there are: "
        "file, stem, folder, generation, county, date, frame, bands");
  CHECK(refusal(with("keys: [county, frame]", "keys: [county, path]"))
            .find("a.yaml:15: step 'catalogue': 'keys'") == 0);
  CHECK(refusal(with("- cog", "- cogs")) ==
        "a.yaml:13: step 'cogs': there is no such step; did you mean 'cog'?");
  CHECK(refusal(with("- cog", "- {cog: {}, footprint: {}}"))
            .find("a.yaml:13: pipeline: a step is written as") == 0);
  CHECK(refusal(with("name: aerial", "nam: aerial")) ==
        "a.yaml:1: pipeline: no option is called 'nam'; did you mean 'name'?");
  CHECK(refusal(with("name: aerial", "name: 'a b'")) ==
        "a.yaml:1: pipeline: 'name' cannot be 'a b'; it has letters, digits, - and _");
  CHECK(refusal(with("folder: incoming", "foldr: incoming")) ==
        "a.yaml:5: when: no option is called 'foldr'; did you mean 'folder'?");
  CHECK(refusal("steps: 3\n").find("pipeline: 'steps' cannot be 3") != std::string::npos);
  CHECK(refusal("").find("pipeline: 'name' is missing") != std::string::npos);
  CHECK(refusal("- a\n").find("its options are names with values, not array") !=
        std::string::npos);
}

TEST_CASE("grammars that could leave an attribute without a value are refused") {
  CHECK(refusal(with("set: {county: none, date: '1900'}", "set: {county: none}"))
            .find("a.yaml:11: step 'check-name': of patterns 1 and 2 only one has the "
                  "attribute 'date'") == 0);
  CHECK(
      refusal(with("set: {county: none, date: '1900'}", "set: none")) ==
      "a.yaml:12: step 'check-name', pattern 2: 'set' is names with values, not string");
  CHECK(refusal(with("set: {county: none, date: '1900'}", "set: {county: 3, date: x}"))
            .find("a.yaml:12: step 'check-name', pattern 2: 'set' gives 'county' the "
                  "value 3") == 0);
  CHECK(refusal(with("(?<county>\\w+)/", "(?<county>\\w+/"))
            .find("a.yaml:10: step 'check-name', pattern 1: 'match' is no regular "
                  "expression: ") == 0);
}

TEST_CASE("two steps that write records are refused") {
  CHECK(refusal(std::string{good} + "  - catalogue: {keys: [frame]}\n") ==
        "a.yaml:16: step 'catalogue': only one step can write records of the catalogue");
}

TEST_CASE("outputs stay in their folder") {
  CHECK(output_uri("/out", "a/b.tif") == "/out/a/b.tif");
  for (const char* name : {"../a", "a/../b", "/a", "a//b", "", "."})
    CHECK(testing::kind_of([&] { (void)output_uri("/out", name); }) ==
          ErrorKind::invalid_input);
}

TEST_CASE("the schema of pipeline files knows every step with its options") {
  const auto schema = pipeline_schema();
  const auto& kinds = schema["properties"]["steps"]["items"]["oneOf"];
  CHECK(kinds.size() == 2 * step_kinds().size());
  CHECK(schema["properties"]["products"]["items"]["oneOf"].size() ==
        2 * product_kinds().size());
  CHECK(schema.dump().find("\"of_bands\"") != std::string::npos);
  CHECK(schema.dump().find("\"needs_crs\"") != std::string::npos);
}

}  // namespace terrazzo::pipeline
