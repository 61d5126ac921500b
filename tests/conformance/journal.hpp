#pragma once
// What every journal promises. Call check_journal() from a TEST_CASE with a function that
// makes an empty catalogue of these keys and returns its URI.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/metadata.hpp"
#include "support/thrown.hpp"
#include "terrazzo/catalog/journal.hpp"

namespace terrazzo::testing {

using catalog::Announced;
using catalog::Claim;
using catalog::Publication;
using catalog::State;
using namespace std::chrono_literals;

// A journal whose time goes on when the test says so.
class TimedJournal {
 public:
  using MakeCatalog =
      std::function<std::string(const std::vector<catalog::KeyName>& keys)>;

  explicit TimedJournal(const MakeCatalog& make)
      : uri(make({{"name", ""}})), journal(opened()) {}

  std::unique_ptr<catalog::Journal> opened() {
    return catalog::open_journal(uri, {.clock = [this] { return time; }});
  }

  Announced announce(const std::string& file, const std::string& generation,
                     const std::string& sequencer = "") {
    return journal->announce({"p", file, generation, "r", sequencer});
  }
  Announced announce_removed(const std::string& file, const std::string& sequencer = "") {
    return journal->announce({"p", file, "", "r", sequencer, true});
  }
  std::optional<Claim> claim(const std::string& worker = "w") {
    return journal->claim({"p", worker, 60s});
  }
  Claim claimed() {
    auto claim = this->claim();
    REQUIRE(claim);
    return *claim;
  }
  catalog::Event event(const std::string& file) {
    const auto found = journal->events({.uris = {file}});
    REQUIRE(found.size() == 1);
    return found.front();
  }

  // What a pipeline may make of a file: a record and a frame of this name.
  static Publication made(const std::string& name, const std::string& file,
                          const Box& box = {13, 52, 14, 53}) {
    Publication publication;
    publication.records = {{{name}, file, 1, some_metadata(box)}};
    publication.frames = {{.collection = "c",
                           .name = name,
                           .uri = file,
                           .generation = "g",
                           .footprint = {{ring_of(box)}},
                           .bounds = box,
                           .crs = "EPSG:32633",
                           .time = Time{1'000'000s},
                           .attributes = {{"roll", "3B"}}}};
    publication.files = {file};
    return publication;
  }

  Time time{1'700'000'000s};
  std::string uri;
  std::unique_ptr<catalog::Journal> journal;
  int announced = 0;
};

inline void check_announcing(TimedJournal& t) {
  SUBCASE("the same content is worked on once") {
    CHECK(t.announce("a", "1") == Announced::queued);
    CHECK(t.announce("a", "1") == Announced::already);
    const auto claim = t.claimed();
    CHECK(t.announce("a", "1") == Announced::already);
    CHECK(t.journal->publish(claim, {}, {}));
    CHECK(t.announce("a", "1") == Announced::already);
    CHECK_FALSE(t.claim());
    CHECK(t.event("a").state == State::done);
    CHECK(t.event("a").published == "1");
  }
  SUBCASE("new content, or a new recipe, is new work") {
    t.announce("a", "1");
    t.journal->publish(t.claimed(), {}, {});
    CHECK(t.announce("a", "2") == Announced::queued);
    CHECK(t.claimed().generation == "2");
    CHECK(t.journal->announce({"p", "a", "2", "other"}) == Announced::queued);
    CHECK(t.journal->announce({"q", "a", "2", "r"}) == Announced::queued);
  }
  SUBCASE("the newest sequencer wins, in whatever order events come") {
    CHECK(t.announce("a", "2", "0055AED6DCD9028") == Announced::queued);
    CHECK(t.announce("a", "1", "0055AED6DCD9027") == Announced::outdated);
    CHECK(t.announce("a", "1", "0055AED6DCD") == Announced::outdated);
    CHECK(t.announce("a", "2", "0055AED6DCD9028") == Announced::already);
    CHECK(t.announce_removed("a", "0055AED6DCD9026") == Announced::outdated);
    CHECK(t.announce("a", "3", "0055AED6DCD90281E5") == Announced::queued);
    CHECK(t.event("a").generation == "3");
  }
  SUBCASE("a removal that overtook the upload is remembered") {
    CHECK(t.announce_removed("a", "5") == Announced::removed);
    CHECK(t.announce("a", "1", "4") == Announced::outdated);
    CHECK(t.event("a").state == State::deleted);
    CHECK(t.announce("a", "1", "6") == Announced::queued);
  }
  SUBCASE("the removal of what nobody knew is nothing") {
    CHECK(t.announce_removed("a") == Announced::already);
    CHECK(t.journal->events({}).empty());
  }
  SUBCASE("an output does not start the pipeline that made it, but another one") {
    t.announce("a", "1");
    const auto claim = t.claimed();
    CHECK(t.journal->reserve(claim, {"out"}));
    CHECK(t.announce("out", "1") == Announced::output);
    t.journal->publish(claim, {.files = {"out"}}, {});
    CHECK(t.announce("out", "1") == Announced::output);
    CHECK(t.journal->announce({"q", "out", "1", "r"}) == Announced::queued);
  }
}

inline void check_claiming(TimedJournal& t) {
  SUBCASE("each event has one worker, the oldest first") {
    t.announce("a", "1");
    t.time += 1s;
    t.announce("b", "1");
    CHECK(t.claimed().uri == "a");
    CHECK(t.claimed().uri == "b");
    CHECK_FALSE(t.claim());
    CHECK(t.event("a").worker == "w");
  }
  SUBCASE("one event can be asked for") {
    t.announce("a", "1");
    t.announce("b", "1");
    CHECK(t.journal->claim({"p", "w", 60s, "b"})->uri == "b");
    CHECK_FALSE(t.journal->claim({"p", "w", 60s, "b"}));
    CHECK_FALSE(t.journal->claim({"q", "w", 60s}));
  }
  SUBCASE(
      "a claim whose lease is over goes to another worker; the first one's end counts "
      "for nothing") {
    t.announce("a", "1");
    const auto late = t.claimed();
    t.time += 59s;
    CHECK_FALSE(t.claim());
    t.time += 1s;
    const auto claim = t.claimed();
    CHECK(claim.fence > late.fence);
    CHECK(claim.attempt == 1);
    CHECK(t.event("a").lost == 1);
    CHECK_FALSE(t.journal->renew(late, 60s));
    CHECK_FALSE(t.journal->reserve(late, {"f"}));
    CHECK_FALSE(t.journal->publish(late, TimedJournal::made("x", "late"), {}));
    CHECK_FALSE(t.journal->end(late, {State::dead, "internal", "late"}, {}));
    CHECK_FALSE(t.journal->release(late));
    CHECK(t.event("a").state == State::running);
    CHECK(t.journal->publish(claim, TimedJournal::made("x", "good"), {}));
    CHECK(catalog::open_catalog(t.uri)->get({"x"})->path == "good");
  }
  SUBCASE("a lease that is renewed lasts") {
    t.announce("a", "1");
    const auto claim = t.claimed();
    t.time += 50s;
    CHECK(t.journal->renew(claim, 60s));
    t.time += 50s;
    CHECK_FALSE(t.claim());
    CHECK(t.journal->publish(claim, {}, {}));
    CHECK_FALSE(t.journal->renew(claim, 60s));
  }
}

inline void check_losing(TimedJournal& t) {
  SUBCASE("newer content takes the claim from who works on the old one") {
    t.announce("a", "1");
    const auto old = t.claimed();
    t.announce("a", "2");
    CHECK_FALSE(t.journal->publish(old, {}, {}));
    CHECK(t.claimed().generation == "2");
  }
  SUBCASE("what is released is there for the next one, uncounted") {
    t.announce("a", "1");
    CHECK(t.journal->release(t.claimed()));
    CHECK(t.event("a").state == State::queued);
    CHECK(t.claimed().attempt == 1);
  }
  SUBCASE("what kills its worker again and again is given up") {
    t.announce("a", "1");
    int claims = 0;
    while (t.claim()) {
      ++claims;
      t.time += 61s;
      REQUIRE(claims < 50);
    }
    CHECK(claims == 20);
    CHECK(t.event("a").state == State::dead);
    CHECK(t.event("a").error == "20 workers died while they had it");
  }
}

inline void check_ending(TimedJournal& t) {
  SUBCASE("a failure is tried again when it is due, with its text until then") {
    t.announce("a", "1");
    CHECK(t.journal->end(t.claimed(), {State::failed, "unavailable", "no answer", 5s},
                         {{"cog", 1.5, 1000, "no answer"}}));
    CHECK(t.event("a").state == State::failed);
    CHECK(t.event("a").error_kind == "unavailable");
    CHECK(t.event("a").error == "no answer");
    CHECK(t.event("a").due == t.time + 5s);
    CHECK_FALSE(t.claim());
    t.time += 5s;
    CHECK(t.claimed().attempt == 2);
    const auto attempts = t.journal->attempts(t.event("a").number);
    REQUIRE(attempts.size() == 1);
    CHECK(attempts[0].number == 1);
    CHECK(attempts[0].run.step == "cog");
    CHECK(attempts[0].run.seconds == 1.5);
    CHECK(attempts[0].run.peak_bytes == 1000);
    CHECK(attempts[0].run.error == "no answer");
  }
  SUBCASE("what is dead or skipped rests until somebody asks for it") {
    t.announce("a", "1");
    t.announce("b", "1");
    t.journal->end(t.claimed(), {State::dead, "corrupt_data", "no TIFF"}, {});
    t.journal->end(t.claimed(), {State::skipped, "", "no frame"}, {});
    t.time += 24h;
    CHECK_FALSE(t.claim());
    CHECK(t.announce("a", "1") == Announced::already);
    CHECK(t.journal->requeue({.states = {State::dead}}) == 1);
    CHECK(t.claimed().uri == "a");
    CHECK(t.event("a").error.empty());
  }
  SUBCASE("discarding ends failures, and says what they were") {
    t.announce("a", "1");
    t.journal->end(t.claimed(), {State::dead, "corrupt_data", "no TIFF"}, {});
    CHECK(t.journal->discard({.pipeline = "p", .like = "*a"}) == 1);
    CHECK(t.event("a").state == State::skipped);
    CHECK(t.event("a").error == "no TIFF");
    CHECK(t.journal->discard({}) == 0);
  }
  SUBCASE("what is done can be done again") {
    t.announce("a", "1");
    t.journal->publish(t.claimed(), TimedJournal::made("x", "f"), {});
    CHECK(t.journal->requeue({.uris = {"a", "b"}}) == 1);
    CHECK(t.journal->publish(t.claimed(), TimedJournal::made("x", "f"), {}));
    CHECK(t.event("a").state == State::done);
    CHECK(t.journal->trash(0s, 10).empty());
  }
  SUBCASE("events are found by state and pattern") {
    t.announce("x/a", "1");
    t.announce("x/b", "1");
    t.announce("y/c", "1");
    t.claimed();
    CHECK(t.journal->events({.states = {State::queued}}).size() == 2);
    CHECK(t.journal->events({.states = {State::queued}, .like = "x/*"}).size() == 1);
    CHECK(t.journal->events({.limit = 2}).size() == 2);
    CHECK(t.journal->events({.pipeline = "q"}).empty());
  }
}

inline void check_publishing(TimedJournal& t) {
  const auto frames = catalog::open_frames(t.uri);
  const auto catalog = catalog::open_catalog(t.uri);
  SUBCASE("records and frames are there at once, and read back as they were") {
    t.announce("a", "1");
    const auto made = TimedJournal::made("x", "f1");
    CHECK(t.journal->publish(t.claimed(), made, {}));
    CHECK(catalog->get({"x"})->path == "f1");
    const auto found = frames->find({.collection = "c"});
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == "x");
    CHECK(found[0].uri == "f1");
    CHECK(found[0].footprint == made.frames[0].footprint);
    CHECK(found[0].bounds == made.frames[0].bounds);
    CHECK(found[0].crs == "EPSG:32633");
    CHECK(found[0].time == made.frames[0].time);
    CHECK(found[0].attributes == made.frames[0].attributes);
    CHECK(frames->times("c") == std::vector{*made.frames[0].time});
    CHECK(t.journal->outputs(t.event("a").number).size() == 3);
  }
  SUBCASE("a new generation takes the old one's place, whose files become trash") {
    t.announce("a", "1");
    t.journal->publish(t.claimed(), TimedJournal::made("x", "f1"), {});
    t.announce("a", "2");
    t.journal->publish(t.claimed(), TimedJournal::made("y", "f2", {1, 2, 3, 4}), {});
    CHECK_FALSE(catalog->get({"x"}));
    CHECK(catalog->get({"y"})->path == "f2");
    CHECK(frames->find({}).size() == 1);
    CHECK(frames->collections()[0].extent == Box{1, 2, 3, 4});
    CHECK(t.journal->trash(10s, 10).empty());
    t.time += 10s;
    CHECK(t.journal->trash(10s, 10) == std::vector<std::string>{"f1"});
    CHECK(t.announce("f1", "1") == Announced::output);
    CHECK(t.journal->forget("f1"));
    CHECK_FALSE(t.journal->forget("f1"));
    CHECK(t.journal->trash(10s, 10).empty());
  }
  SUBCASE("removing the file withdraws its outputs") {
    t.announce("a", "1");
    t.journal->publish(t.claimed(), TimedJournal::made("x", "f1"), {});
    CHECK(t.announce_removed("a") == Announced::removed);
    CHECK(t.announce_removed("a") == Announced::already);
    CHECK_FALSE(catalog->get({"x"}));
    CHECK(frames->find({}).empty());
    CHECK(frames->collections().empty());
    CHECK(t.journal->trash(0s, 10) == std::vector<std::string>{"f1"});
    CHECK(t.event("a").state == State::deleted);
    CHECK(t.announce("a", "1") == Announced::queued);
  }
}

inline void check_refusing(TimedJournal& t) {
  const auto catalog = catalog::open_catalog(t.uri);
  SUBCASE("two files cannot publish under the same keys") {
    t.announce("a", "1");
    t.announce("b", "1");
    const auto a = t.claimed();
    const auto b = t.claimed();
    CHECK(t.journal->publish(a, TimedJournal::made("x", "f1"), {}));
    CHECK(kind_of([&] { t.journal->publish(b, TimedJournal::made("x", "f2"), {}); }) ==
          ErrorKind::conflict);
    CHECK(catalog->get({"x"})->path == "f1");
    CHECK(t.event("b").state == State::running);
    CHECK(kind_of([&] { t.journal->reserve(b, {"f1"}); }) == ErrorKind::conflict);
    t.announce_removed("a");
    CHECK(t.journal->publish(b, TimedJournal::made("x", "f2"), {}));
  }
  SUBCASE("a publication that cannot be made leaves nothing of itself") {
    t.announce("a", "1");
    const auto claim = t.claimed();
    auto bad = TimedJournal::made("x", "f1");
    bad.frames[0].name = "";
    CHECK(kind_of([&] { t.journal->publish(claim, bad, {}); }) ==
          ErrorKind::invalid_input);
    CHECK_FALSE(catalog->get({"x"}));
    CHECK(t.journal->outputs(claim.event).empty());
    CHECK(t.journal->publish(claim, TimedJournal::made("x", "f1"), {}));
  }
  SUBCASE("a failure of the new generation leaves the old one to be seen") {
    t.announce("a", "1");
    t.journal->publish(t.claimed(), TimedJournal::made("x", "f1"), {});
    t.announce("a", "2");
    const auto claim = t.claimed();
    t.journal->reserve(claim, {"f2"});
    t.journal->end(claim, {State::dead, "corrupt_data", "cut off"}, {});
    CHECK(catalog->get({"x"})->path == "f1");
    CHECK(t.event("a").published == "1");
    CHECK(t.journal->trash(0s, 10) == std::vector<std::string>{"f2"});
  }
  SUBCASE("a file that is made again is no trash any more") {
    t.announce("a", "1");
    const auto claim = t.claimed();
    t.journal->reserve(claim, {"f1"});
    t.journal->end(claim, {State::failed, "unavailable", "full", 0s}, {});
    const auto again = t.claimed();
    CHECK(t.journal->reserve(again, {"f1"}));
    CHECK_FALSE(t.journal->forget("f1"));
  }
}

inline Publication frame_of(const std::string& name, const Box& box) {
  return {.frames = {{.collection = "c", .name = name, .uri = name, .bounds = box}}};
}

inline void check_frames(TimedJournal& t) {
  const auto publish = [&](const std::string& name, const Box& box) {
    t.announce(name, std::to_string(++t.announced));
    t.journal->publish(t.claimed(), frame_of(name, box), {});
  };
  const auto frames = catalog::open_frames(t.uri);
  SUBCASE("a collection's extent follows its frames") {
    publish("a", {0, 0, 1, 1});
    publish("b", {5, 5, 6, 6});
    publish("d", {2, 2, 3, 3});
    const auto collection = [&] { return frames->collections()[0]; };
    CHECK(collection().frames == 3);
    CHECK(collection().extent == Box{0, 0, 6, 6});
    publish("b", {3, 3, 4, 4});
    CHECK(collection().frames == 3);
    CHECK(collection().extent == Box{0, 0, 4, 4});
    t.announce_removed("d");
    CHECK(collection().extent == Box{0, 0, 4, 4});
    t.announce_removed("a");
    CHECK(collection().frames == 1);
    CHECK(collection().extent == Box{3, 3, 4, 4});
  }
  SUBCASE("frames are found by their boxes") {
    publish("a", {0, 0, 1, 1});
    publish("b", {5, 5, 6, 6});
    publish("pacific", {179, 0, -179, 1});
    const auto names = [&](const Box& box) {
      std::string list;
      for (const auto& frame : frames->find({.bounds = box})) list += frame.name + " ";
      return list;
    };
    CHECK(names({0.5, 0.5, 0.6, 0.6}) == "a pacific ");
    CHECK(names({5.5, 5.5, 9, 9}) == "b ");
    CHECK(names({1, 1, 5, 5}) == "a b pacific ");
    CHECK(names({40, 40, 50, 50}).empty());
  }
}

inline void check_products(TimedJournal& t) {
  const auto publish = [&](const std::string& name) {
    t.announce(name, std::to_string(++t.announced));
    t.journal->publish(t.claimed(), frame_of(name, {0, 0, 1, 1}), {});
  };
  SUBCASE("a product is outdated until it was made of what its collection is") {
    CHECK(t.journal->outdated("index").empty());
    publish("a");
    auto outdated = t.journal->outdated("index");
    REQUIRE(outdated.size() == 1);
    CHECK(outdated[0].collection.name == "c");
    CHECK(outdated[0].files.empty());
    publish("b");
    t.journal->made("index", outdated[0].collection, {"f"});
    outdated = t.journal->outdated("index");
    REQUIRE(outdated.size() == 1);
    CHECK(outdated[0].collection.frames == 2);
    CHECK(outdated[0].files == std::vector<std::string>{"f"});
    t.journal->made("index", outdated[0].collection, {"f"});
    CHECK(t.journal->outdated("index").empty());
    CHECK(t.journal->outdated("map").size() == 1);
    publish("a");
    CHECK(t.journal->outdated("index").size() == 1);
  }
  SUBCASE("a product of frames that are all gone is outdated, if it was made") {
    publish("a");
    t.journal->made("index", t.journal->outdated("index")[0].collection, {"f"});
    t.announce_removed("a");
    const auto outdated = t.journal->outdated("index");
    REQUIRE(outdated.size() == 1);
    CHECK(outdated[0].collection.frames == 0);
    CHECK(t.journal->outdated("map").empty());
    CHECK(catalog::open_frames(t.uri)->collections().empty());
    publish("a");
    CHECK(catalog::open_frames(t.uri)->collections()[0].extent == Box{0, 0, 1, 1});
  }
}

inline void check_many(TimedJournal& t) {
  SUBCASE("many workers at once share the work, each event once") {
    constexpr int count = 60;
    for (int i = 0; i < count; ++i) t.announce(fmt::format("f{}", i), "1");
    std::atomic<int> done = 0;
    std::vector<std::jthread> workers;
    for (int w = 0; w < 4; ++w)
      workers.emplace_back([&] {
        const auto journal = t.opened();
        while (const auto claim = journal->claim({"p", "w", 60s}))
          done +=
              journal->publish(*claim, frame_of(claim->uri, {0, 0, 1, 1}), {}) ? 1 : 0;
      });
    workers.clear();
    CHECK(done == count);
    CHECK(catalog::open_frames(t.uri)->collections()[0].frames == count);
    for (const auto& event : t.journal->events({})) CHECK(event.attempts == 1);
  }
}

inline void check_journal(const TimedJournal::MakeCatalog& make) {
  TimedJournal t{make};
  check_announcing(t);
  check_claiming(t);
  check_losing(t);
  check_ending(t);
  check_publishing(t);
  check_refusing(t);
  check_frames(t);
  check_products(t);
  check_many(t);
}

}  // namespace terrazzo::testing
