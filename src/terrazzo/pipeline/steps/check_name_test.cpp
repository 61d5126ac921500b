#include <doctest/doctest.h>

#include "terrazzo/pipeline/pipeline.hpp"
#include "terrazzo/pipeline/runner.hpp"

namespace terrazzo::pipeline {
namespace {

class NoOpener final : public io::RasterOpener {
 public:
  std::shared_ptr<const io::Raster> open(const std::string&, int,
                                         const Context&) const override {
    throw failure(ErrorKind::internal, "nothing is to be opened");
  }
};

Item checked(const std::string& patterns, const std::string& name) {
  const auto pipeline = pipeline_of(
      "name: x\ncatalogue: x.sqlite\noutputs: out\nwhen: {folder: in}\n"
      "steps:\n  - check-name:\n      patterns: " +
          patterns + "\n",
      "x.yaml", "/");
  auto item = new_item(pipeline, "/in/" + name, "g");
  const NoOpener opener;
  pipeline.steps[0].step->run(item, {opener, "/out"}, {});
  return item;
}

}  // namespace

TEST_CASE("named groups and constants become attributes; the first pattern that fits") {
  const std::string patterns =
      R"([{match: '(?<date>[^_]+)_(?P<roll>[^-]+)-(?<frame>[^.]+)\.tif'},
          {match: '(?<date>[^_]+)_(?<frame>[^.]+)\.tif', set: {roll: N/A}}])";
  auto item = checked(patterns, "1953-04-01_3B-25.tif");
  CHECK_FALSE(item.skipped);
  CHECK(item.attributes["roll"] == "3B");
  CHECK(item.attributes["frame"] == "25");
  item = checked(patterns, "1953_25.tif");
  CHECK(item.attributes["roll"] == "N/A");
  CHECK(item.attributes["date"] == "1953");
}

TEST_CASE("the whole path below the folder must fit; nothing is half-parsed") {
  const std::string patterns = R"([{match: '(?<band>bw|nc)/(?<name>\w+)\.tif'}])";
  CHECK_FALSE(checked(patterns, "bw/a.tif").skipped);
  for (const char* name :
       {"x/bw/a.tif", "bw/a.tif.tif", "bw/a b.tif", "a.tif", "BW/a.tif"}) {
    const auto item = checked(patterns, name);
    REQUIRE(item.skipped);
    CHECK(*item.skipped ==
          fmt::format("the name '{}' fits none of the 1 patterns of check-name", name));
    CHECK_FALSE(item.attributes.contains("band"));
  }
}

TEST_CASE("groups in classes and behind backslashes are no names") {
  const auto item = checked(R"([{match: '(?<a>[(?<b>]+)\(?\.tif'}])", "(<b.tif");
  CHECK(item.attributes.find("a")->second == "(<b");
}

}  // namespace terrazzo::pipeline
