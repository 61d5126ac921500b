#include "terrazzo/pipeline/arrivals.hpp"

#include <thread>

#include <doctest/doctest.h>

#include "support/thrown.hpp"
#include "terrazzo/pipeline/test_works.hpp"
#include "terrazzo/pipeline/watch.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;
using catalog::State;

}  // namespace

TEST_CASE("looking through a folder queues what is new and removes what is gone") {
  const TestWorks works{TestWorks::copy};
  const auto a = works.file("a.tif");
  works.file("deep/er/b.tif");
  works.file(".c.tif");
  works.file("d.png");
  auto found = resync(works.pipeline, *works.journal);
  CHECK(found.files == 2);
  CHECK(found.queued == 2);
  CHECK(resync(works.pipeline, *works.journal).queued == 0);
  fs::remove(a);
  found = resync(works.pipeline, *works.journal);
  CHECK(found.removed == 1);
  CHECK(works.event(a).state == State::deleted);
  CHECK(resync(works.pipeline, *works.journal).removed == 0);
}

TEST_CASE("an empty folder is not taken for the removal of everything") {
  const TestWorks works{TestWorks::copy};
  const auto a = works.file("a.tif");
  resync(works.pipeline, *works.journal);
  fs::remove(a);
  CHECK(resync(works.pipeline, *works.journal).removed == 0);
  CHECK(works.event(a).state == State::queued);
  fs::remove(works.pipeline.folder);
  CHECK(testing::kind_of([&] { resync(works.pipeline, *works.journal); }) ==
        ErrorKind::not_found);
}

TEST_CASE("files with any characters in their names arrive as they are called") {
  const TestWorks works{TestWorks::copy};
  for (const char* name : {"a b+c%20.tif", "Ségou ☂.tif", "it's \"x\".tif"}) {
    const auto uri = works.file(name);
    resync(works.pipeline, *works.journal);
    CHECK(works.event(uri).state == State::queued);
  }
}

TEST_CASE("a watched folder tells of files that were closed, moved in and removed") {
  const TestWorks works{TestWorks::copy};
  const auto before = works.file("before.tif");
  std::stop_source stop;
  std::jthread watching{[&] {
    watch(works.pipeline, *works.journal, {}, [](const Resync&) {},
          {.stop = stop.get_token()});
  }};
  const auto becomes = [&](const std::string& uri, State state) {
    for (int i = 0; i < 2000; ++i) {
      const auto event = works.event(uri);
      if (!event.uri.empty() && event.state == state) return true;
      std::this_thread::sleep_for(milliseconds{5});
    }
    return false;
  };
  CHECK(becomes(before, State::queued));
  const auto direct = works.folder / "in/direct.tif";
  {
    std::ofstream open{direct};
    open << "half" << std::flush;
    CHECK(becomes(works.file("moved.tif"), State::queued));
    CHECK(works.event(direct).uri.empty());
  }
  CHECK(becomes(direct, State::queued));
  CHECK(becomes(works.file("new/deep/c.tif"), State::queued));
  CHECK(becomes(works.file("new/deep/d.tif"), State::queued));
  fs::remove(direct);
  CHECK(becomes(direct, State::deleted));
  fs::rename(works.folder / "in/new", works.folder / "away");
  CHECK(becomes(works.folder / "in/new/deep/c.tif", State::deleted));
  stop.request_stop();
}

}  // namespace terrazzo::pipeline
