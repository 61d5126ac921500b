#include <doctest/doctest.h>

#include <chrono>
#include <fstream>

#include "support/scratch_folder.hpp"
#include "support/thrown.hpp"
#include "terrazzo/pipeline/pipeline.hpp"
#include "terrazzo/pipeline/runner.hpp"
#include "terrazzo/pipeline/test_works.hpp"

namespace terrazzo::pipeline {
namespace {

Item ran(const std::string& options, const std::string& outputs,
         const Context& context = {}) {
  const auto pipeline = pipeline_of(
      "name: x\ncatalogue: x.sqlite\noutputs: out\nsteps:\n  - run: " + options + "\n",
      "x.yaml", "/");
  auto item = new_item(pipeline, outputs + "/a b;$(x).tif", "g");
  item.scratch = std::make_shared<const Scratch>(outputs);
  const NothingOpens opener;
  pipeline.steps[0].step->run(item, {opener, outputs}, context);
  return item;
}

}  // namespace

TEST_CASE("a program's output is what the next step works on; words need no quoting") {
  const testing::ScratchFolder folder;
  std::ofstream{folder / "a b;$(x).tif"} << "pixels";
  const auto item =
      ran("{command: [cp, '{input}', '{output}'], makes: '{stem}.tif'}", folder.path());
  CHECK(item.current == item.scratch->file("a b;$(x).tif").string());
  CHECK(std::filesystem::file_size(item.current) == 6);
}

TEST_CASE("how a program ends says whether trying again may help, in its own words") {
  const testing::ScratchFolder folder;
  const auto error = [&](const std::string& script, const std::string& more = "") {
    return testing::error_of(
        [&] { ran("{command: [sh, -c, '" + script + "']" + more + "}", folder.path()); });
  };
  auto e = error("echo first >&2; echo no disk >&2; echo >&2; exit 3");
  CHECK(e.kind() == ErrorKind::corrupt_data);
  CHECK(e.message() == "'sh' ended with code 3: no disk");
  CHECK(error("exit 75").kind() == ErrorKind::unavailable);
  CHECK(error("kill -9 $$").message() == "'sh' ended with code 137: ");
  CHECK(error("true", ", makes: x.tif").message() == "'sh' has not made its {output}");
  CHECK(testing::kind_of([&] { ran("{command: [no-such-program]}", folder.path()); }) ==
        ErrorKind::not_found);
}

TEST_CASE("a program that takes too long, or that nobody wants any more, is killed") {
  const testing::ScratchFolder folder;
  const auto begin = std::chrono::steady_clock::now();
  CHECK(testing::error_of([&] {
          ran("{command: [sh, -c, 'sleep 100 & sleep 100'], timeout: 1}", folder.path());
        }).kind() == ErrorKind::timeout);
  std::stop_source stop;
  stop.request_stop();
  CHECK(testing::kind_of([&] {
          ran("{command: [sleep, '100']}", folder.path(), {.stop = stop.get_token()});
        }) == ErrorKind::cancelled);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds{90});
}

TEST_CASE("a command that cannot be right is refused with its line") {
  const auto refusal = [](const std::string& options) {
    return testing::error_of([&] { ran(options, "/nowhere"); }).message();
  };
  CHECK(refusal("{command: []}").find("x.yaml:5: step 'run': 'command' is empty") == 0);
  CHECK(refusal("{command: [a, '{output}']}")
            .find("x.yaml:5: step 'run': 'command' has {output}") == 0);
  CHECK(refusal("{command: [a, '{nobody}']}")
            .find("x.yaml:5: step 'run': there is no attribute 'nobody' here") == 0);
}

}  // namespace terrazzo::pipeline
