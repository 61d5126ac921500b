#include "terrazzo/pipeline/runner.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <span>
#include <thread>

#include "support/thrown.hpp"
#include "terrazzo/io/store.hpp"
#include "terrazzo/pipeline/arrivals.hpp"
#include "terrazzo/pipeline/test_works.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;
using catalog::Announced;
using catalog::State;

std::string read(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

// Announces the file and works on it once.
Done worked(const TestWorks& works, const std::string& uri) {
  works.journal->announce(arrival_of(works.pipeline, uri));
  const auto claim = works.journal->claim({"p", "w", works.options.lease, uri});
  REQUIRE(claim);
  return works.runner().work_on(*claim);
}

}  // namespace

TEST_CASE("a file is published whole, and nothing is left beside it") {
  const TestWorks works{TestWorks::copy};
  const auto uri = works.file("a.tif", "pixels");
  const auto done = worked(works, uri);
  CHECK(done.state == State::done);
  REQUIRE(done.outputs.size() == 1);
  CHECK(read(done.outputs[0]) == "pixels");
  CHECK(works.catalogue()->get({"a"})->path == done.outputs[0]);
  CHECK(fs::is_empty(works.folder / "out/.terrazzo"));
  CHECK(works.journal->announce(arrival_of(works.pipeline, uri)) == Announced::already);
  const auto attempts = works.journal->attempts(works.event(uri).number);
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].run.step == "step");
  CHECK(attempts[0].run.peak_bytes > 0);
}

TEST_CASE("an output in the watched folder does not start the pipeline") {
  TestWorks works{TestWorks::copy};
  const auto uri = works.file("a.tif");
  const auto done = worked(works, uri);
  works.pipeline.folder = works.folder.path();
  CHECK(works.pipeline.takes(done.outputs[0]));
  CHECK(works.journal->announce(arrival_of(works.pipeline, done.outputs[0])) ==
        Announced::output);
  const auto found = resync(works.pipeline, *works.journal);
  CHECK(found.files == 2);
  CHECK(found.queued == 0);
}

TEST_CASE(
    "a new content replaces the old one under a new name; the old file goes later") {
  TestWorks works{TestWorks::copy};
  const auto uri = works.file("a.tif", "old");
  const auto old = worked(works, uri);
  works.file("a.tif", "new!");
  const auto fresh = worked(works, uri);
  CHECK(fresh.outputs != old.outputs);
  CHECK(read(works.catalogue()->get({"a"})->path) == "new!");
  CHECK(fs::exists(old.outputs[0]));
  works.options.keep_trash = milliseconds{0};
  works.options.until_idle = true;
  works.runner().work([](const Done&) {});
  CHECK_FALSE(fs::exists(old.outputs[0]));
  CHECK_FALSE(fs::exists(fs::path{old.outputs[0]}.parent_path()));
  CHECK(fs::exists(fresh.outputs[0]));
}

TEST_CASE("a file that changes while it is read is taken up again, whatever came of it") {
  for (const bool fails : {false, true}) {
    CAPTURE(fails);
    TestWorks* self = nullptr;
    bool changes = true;
    TestWorks works{[&](Item& item) {
      if (std::exchange(changes, false)) {
        self->file("a.tif", "changed");
        if (fails) throw failure(ErrorKind::corrupt_data, "half a file");
      }
      TestWorks::copy(item);
    }};
    self = &works;
    const auto uri = works.file("a.tif");
    const auto done = worked(works, uri);
    CHECK(done.state == State::queued);
    CHECK(done.text == "it has changed meanwhile");
    CHECK_FALSE(works.catalogue()->get({"a"}));
    CHECK(worked(works, uri).state == State::done);
    CHECK(read(works.catalogue()->get({"a"})->path) == "changed");
  }
}

TEST_CASE("a file that is removed while it is read is deleted, and not published") {
  TestWorks works{[](Item& item) {
    TestWorks::copy(item);
    fs::remove(item.uri);
  }};
  const auto uri = works.file("a.tif");
  CHECK(worked(works, uri).state == State::deleted);
  CHECK(works.event(uri).state == State::deleted);
  CHECK_FALSE(works.catalogue()->get({"a"}));
}

TEST_CASE("errors that trying again may help are tried again; others are given up") {
  auto kind = ErrorKind::unavailable;
  TestWorks works{[&](Item&) { throw failure(kind, "no luck"); }};
  const auto uri = works.file("a.tif");
  auto done = worked(works, uri);
  CHECK(done.state == State::failed);
  CHECK(works.event(uri).error == "no luck");
  CHECK(works.event(uri).due);
  for (const auto other :
       {ErrorKind::invalid_input, ErrorKind::corrupt_data, ErrorKind::unsupported,
        ErrorKind::denied, ErrorKind::internal}) {
    kind = other;
    const auto bad = works.file(fmt::format("{}.tif", error_facts(other).name));
    done = worked(works, bad);
    CHECK(done.state == State::dead);
    CHECK(done.kind == other);
    CHECK(works.event(bad).error_kind == error_facts(other).name);
  }
}

TEST_CASE("what is no Error is a bug of the step, and of that file only") {
  const TestWorks works{[](Item&) { throw std::runtime_error{"oops"}; }};
  const auto uri = works.file("a.tif");
  CHECK(worked(works, uri).state == State::dead);
  CHECK(works.event(uri).error == "something broke: oops");
}

TEST_CASE("a skipped file is said to be, with the reason") {
  const TestWorks works{[](Item& item) { item.skipped = "no frame"; }};
  const auto uri = works.file("a.tif");
  CHECK(worked(works, uri).state == State::skipped);
  CHECK(works.event(uri).error == "no frame");
}

TEST_CASE("waiting doubles, with chance, up to a bound, and ends") {
  const WorkOptions options{.attempts = 5,
                            .first_wait = milliseconds{1000},
                            .longest_wait = milliseconds{5000}};
  CHECK(wait_after(1, options, 1) == milliseconds{1000});
  CHECK(wait_after(1, options, 0) == milliseconds{500});
  CHECK(wait_after(3, options, 1) == milliseconds{4000});
  CHECK(wait_after(4, options, 1) == milliseconds{5000});
  CHECK_FALSE(wait_after(5, options, 1));
}

TEST_CASE("work goes through failures until every file has ended") {
  std::atomic<int> tries = 0;
  TestWorks works{[&](Item& item) {
    if (item.attributes["stem"] == "bad")
      throw failure(ErrorKind::corrupt_data, "no TIFF");
    if (item.attributes["stem"] == "late" && ++tries < 3)
      throw failure(ErrorKind::unavailable, "not yet");
    TestWorks::copy(item);
  }};
  works.options.workers = 3;
  std::vector<std::string> uris;
  for (const char* name : {"a.tif", "bad.tif", "late.tif", "b.tif", "c.tif"}) {
    uris.push_back(works.file(name));
    works.journal->announce(arrival_of(works.pipeline, uris.back()));
  }
  std::map<State, int> ends;
  works.runner().work_through(uris, [&](const Done& done) { ++ends[done.state]; });
  CHECK(ends == std::map<State, int>{{State::done, 4}, {State::dead, 1}});
  CHECK(tries == 3);
  CHECK(works.catalogue()->count({}) == 4);
}

TEST_CASE("who is told to stop gives the file back, uncounted") {
  std::stop_source stop;
  TestWorks works{[&](Item&) {
    stop.request_stop();
    throw failure(ErrorKind::cancelled, "stopped");
  }};
  const auto uri = works.file("a.tif");
  works.journal->announce(arrival_of(works.pipeline, uri));
  works.runner().work([](const Done&) {}, {.stop = stop.get_token()});
  CHECK(works.event(uri).state == State::queued);
  CHECK(works.event(uri).attempts == 0);
}

TEST_CASE("who loses the claim is stopped, and what it made is discarded") {
  TestWorks* self = nullptr;
  TestWorks works{[&](Item& item) {
    TestWorks::copy(item);
    self->journal->announce({"p", item.uri, "newer", "r"});
  }};
  self = &works;
  works.options.lease = milliseconds{30};
  const auto uri = works.file("a.tif");
  const auto done = worked(works, uri);
  CHECK(done.state == State::queued);
  CHECK_FALSE(works.catalogue()->get({"a"}));
  CHECK(works.event(uri).generation == "newer");
  CHECK(works.journal->outputs(works.event(uri).number).empty());
}

TEST_CASE("files arrive in a store, are published in it, and are withdrawn from it") {
  TestWorks works{[](Item& item) {
    const auto made = item.scratch->file("made.tif");
    fs::copy_file(item.current, made);
    item.location = "memory://office/out/" + item.attributes["generation"] + "/" +
                    item.attributes["file"];
    item.outputs.push_back({made, item.location});
    item.publication.records.push_back({{item.attributes["stem"]}, item.location, 1});
  }};
  works.pipeline.folder = "memory://office/in";
  works.pipeline.outputs = "memory://office/out";
  works.options.keep_trash = milliseconds{0};
  works.options.until_idle = true;
  auto& store = io::store_of(works.pipeline.folder);
  const std::string text = "pixels";
  for (const char* name : {"a b+%.tif", "other.tif", "no.png"})
    store.put_bytes(works.pipeline.folder + "/" + name, std::as_bytes(std::span{text}));
  CHECK(resync(works.pipeline, *works.journal).queued == 2);
  CHECK(resync(works.pipeline, *works.journal).queued == 0);
  std::vector<Done> all;
  works.runner().work([&](const Done& done) { all.push_back(done); });
  REQUIRE(all.size() == 2);
  const auto record = works.catalogue()->get({"a b+%"});
  REQUIRE(record);
  REQUIRE(store.stat(record->path));
  CHECK(store.stat(record->path)->size == text.size());
  store.remove("memory://office/in/a b+%.tif");
  CHECK(resync(works.pipeline, *works.journal).removed == 1);
  works.runner().work([](const Done&) {});
  CHECK_FALSE(works.catalogue()->get({"a b+%"}));
  CHECK_FALSE(store.stat(record->path));
}

TEST_CASE("the folders of workers that died are removed by the next one") {
  const TestWorks works{TestWorks::copy};
  const auto uri = works.file("a.tif");
  worked(works, uri);
  std::string own;
  {
    const Scratch scratch{works.pipeline.outputs};
    own = scratch.file("x").parent_path().filename().string();
  }
  const auto host = own.substr(0, own.find('-'));
  const auto dead = works.folder / ("out/.terrazzo/" + host + "-2000000000-1");
  const auto other = works.folder / "out/.terrazzo/0123abcd-2000000000-1";
  fs::create_directories(dead + "/deep");
  fs::create_directories(other);
  const Scratch next{works.pipeline.outputs};
  CHECK_FALSE(fs::exists(dead));
  CHECK(fs::exists(other));
}

}  // namespace terrazzo::pipeline
