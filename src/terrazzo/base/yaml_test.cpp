#include "terrazzo/base/yaml.hpp"

#include <doctest/doctest.h>

#include "support/thrown.hpp"

namespace terrazzo {
namespace {

std::string refusal(std::string_view text) {
  return testing::error_of([&] { (void)yaml_document(text, "a.yaml"); }).message();
}

}  // namespace

TEST_CASE("unquoted values have the types of YAML 1.2's core schema") {
  const auto read = yaml_document(
      "a: 1\nb: -2.5\nc: true\nd: ~\ne: no\nf: 12:30\ng: '1'\nh: 1e3\ni: 0x1f\n"
      "j: 2024-05-01\nk: 18446744073709551615\nl: +7\nm: 1.2.3\nn: +-7\n",
      "a.yaml");
  CHECK(read.value == Json::parse(R"({"a":1,"b":-2.5,"c":true,"d":null,"e":"no",
    "f":"12:30","g":"1","h":1000.0,"i":31,"j":"2024-05-01","k":18446744073709551615,
    "l":7,"m":"1.2.3","n":"+-7"})"));
}

TEST_CASE("every value has its line") {
  const auto read = yaml_document(
      "name: x\nsteps:\n  - cog:\n      quality: 85\n  - footprint\n", "a.yaml");
  CHECK(read.line_of("/name") == 1);
  CHECK(read.line_of("/steps") == 2);
  CHECK(read.line_of("/steps/0") == 3);
  CHECK(read.line_of("/steps/0/cog/quality") == 4);
  CHECK(read.line_of("/steps/1") == 5);
  CHECK(read.line_of("/steps/0/cog/missing") == 3);
  CHECK(yaml_document("a/b: {c: 1}", "x").line_of("/a~1b/c") == 1);
}

TEST_CASE("an alias is a copy of what has its anchor") {
  const auto read = yaml_document("a: &x {b: [1, 2]}\nc: *x\n", "a.yaml");
  CHECK(read.value["c"] == Json::parse(R"({"b":[1,2]})"));
}

TEST_CASE("what is wrong with a file is said with its line") {
  CHECK(refusal("a: 1\nb: [1, 2\n").starts_with("a.yaml:"));
  CHECK(refusal("a: 1\na: 2\n") == "a.yaml:2: 'a' is there twice");
  CHECK(refusal("a: *b\n") == "a.yaml:1: nothing before this has the anchor 'b'");
  CHECK(refusal("a: .inf\n") == "a.yaml:1: '.inf' is not a finite number");
  CHECK(refusal("a: 1e999\n") == "a.yaml:1: '1e999' is not a finite number");
  CHECK(refusal("a: 1\n---\nb: 2\n") ==
        "a.yaml:2: there are several documents; one is wanted");
  CHECK(refusal("[1]: 2\n") ==
        "a.yaml:1: a key is one text, not a list, an object or an alias");
  CHECK(refusal("a: !python/object:os.system x\n").starts_with("a.yaml:1: the tag"));
}

TEST_CASE("a file cannot grow without bound by aliases or nesting") {
  std::string laughs = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n";
  for (int i = 1; i < 9; ++i) {
    laughs += fmt::format("a{0}: &a{0} [", i);
    for (int k = 0; k < 10; ++k) laughs += fmt::format("{}*a{}", k ? "," : "", i - 1);
    laughs += "]\n";
  }
  CHECK(refusal(laughs).find("more than 100000 values") != std::string::npos);
  CHECK(refusal("a: " + std::string(200, '[') + std::string(200, ']'))
            .find("nested more than 100 deep") != std::string::npos);
}

TEST_CASE("an empty file is null") {
  CHECK(yaml_document("", "a.yaml").value.is_null());
  CHECK(yaml_document("# nothing\n", "a.yaml").value.is_null());
}

}  // namespace terrazzo
