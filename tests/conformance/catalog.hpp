#pragma once
// What every kind of catalogue promises. Call check_catalog() from a TEST_CASE with a
// function that makes an empty catalogue of these keys and returns its URI.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/metadata.hpp"
#include "support/thrown.hpp"
#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::testing {

using catalog::Catalog;
using catalog::Keys;
using catalog::Metadata;
using catalog::Query;
using catalog::Record;

using MakeCatalog = std::function<std::string(const std::vector<catalog::KeyName>&)>;

inline std::vector<Keys> keys_of(const std::vector<Record>& records) {
  std::vector<Keys> keys;
  for (const Record& record : records) keys.push_back(record.keys);
  return keys;
}

// S1, S2 x 2023, 2024 x B1, B2; bounds are 10 degrees apart by sensor.
inline void fill(Catalog& catalog) {
  std::vector<Record> records;
  for (const char* band : {"B2", "B1"})
    for (const char* date : {"2024", "2023"})
      for (const char* sensor : {"S2", "S1"}) {
        const double west = sensor[1] == '1' ? 0 : 10;
        records.push_back({{sensor, date, band},
                           std::string{"/data/"} + sensor + date + band + ".tif",
                           1,
                           some_metadata({west, 50, west + 5, 55})});
      }
  catalog.insert_all(records);
}

inline void check_records(Catalog& catalog) {
  SUBCASE("a record is read back as it was written") {
    const Record record{
        {"Ségou ☂", "2024", "B'1\""}, "s3://bucket/a b.tif", 3, some_metadata()};
    catalog.insert(record);
    const auto got = catalog.get(record.keys);
    REQUIRE(got);
    CHECK(got->keys == record.keys);
    CHECK(got->path == record.path);
    CHECK(got->band == 3);
    REQUIRE(got->metadata);
    check_same(*got->metadata, *record.metadata);
  }
  SUBCASE("user metadata may be any JSON") {
    Record record{{"a", "b", "c"}, "p", 1, some_metadata()};
    record.metadata->user = Json::array({nullptr, "é", 1.5});
    catalog.insert(record);
    CHECK(catalog.get(record.keys)->metadata->user == record.metadata->user);
  }
  SUBCASE("doubles and infinite percentiles survive") {
    Record record{{"a", "b", "c"}, "p", 1, some_metadata()};
    record.metadata->low = -1.7976931348623157e308;
    record.metadata->mean = 0.1 + 0.2;
    catalog.insert(record);
    const auto got = catalog.get(record.keys);
    CHECK(got->metadata->low == record.metadata->low);
    CHECK(got->metadata->mean == record.metadata->mean);
  }
  SUBCASE(
      "an unknown dataset is empty, and a wrong number of keys is the caller's fault") {
    CHECK_FALSE(catalog.get({"a", "b", "c"}));
    CHECK_THROWS_WITH_AS(
        catalog.get({"a", "b"}),
        doctest::Contains("Got wrong number of keys (available keys: ('sensor', 'date', "
                          "'band'))"),
        Error);
    CHECK(kind_of([&] { catalog.insert({{"a"}, "p"}); }) == ErrorKind::invalid_input);
  }
}

inline void check_replacing(Catalog& catalog) {
  SUBCASE("inserting again replaces path, band and metadata") {
    catalog.insert({{"a", "b", "c"}, "old.tif", 2, some_metadata()});
    Metadata other = some_metadata({1, 2, 3, 4});
    catalog.insert({{"a", "b", "c"}, "new.tif", 1, other});
    const auto got = catalog.get({"a", "b", "c"});
    CHECK(got->path == "new.tif");
    CHECK(got->band == 1);
    check_same(*got->metadata, other);
    CHECK(catalog.count({}) == 1);
  }
  SUBCASE("without metadata the stored ones stay for the same file and go for another") {
    const Keys keys{"a", "b", "c"};
    catalog.insert({keys, "a.tif", 2, some_metadata()});
    catalog.insert({keys, "a.tif", 2});
    CHECK(catalog.get(keys)->metadata);
    catalog.insert({keys, "a.tif", 1});
    CHECK_FALSE(catalog.get(keys)->metadata);
    catalog.insert({keys, "a.tif", 1, some_metadata()});
    catalog.insert({keys, "b.tif", 1});
    CHECK_FALSE(catalog.get(keys)->metadata);
    CHECK(catalog.get(keys)->path == "b.tif");
  }
  SUBCASE("a removed dataset is gone with its band and metadata") {
    const Keys keys{"a", "b", "c"};
    catalog.insert({keys, "a.tif", 4, some_metadata()});
    catalog.remove(keys);
    CHECK_FALSE(catalog.get(keys));
    CHECK(kind_of([&] { catalog.remove(keys); }) == ErrorKind::not_found);
    catalog.insert({keys, "a.tif"});
    CHECK(catalog.get(keys)->band == 1);
    CHECK_FALSE(catalog.get(keys)->metadata);
  }
}

inline void check_stored_metadata(Catalog& catalog) {
  const Keys keys{"a", "b", "c"};
  const Metadata computed = some_metadata();
  SUBCASE("metadata computed late are stored for the file they were computed from") {
    catalog.insert({keys, "a.tif", 2});
    CHECK(catalog.store_metadata(keys, "a.tif", 2, computed));
    const auto got = catalog.get(keys);
    check_same(*got->metadata, computed);
    CHECK(got->band == 2);
    CHECK(catalog.count({.bounds = computed.bounds}) == 1);
  }
  SUBCASE("what was entered anew meanwhile stays as it is") {
    catalog.insert({keys, "new.tif", 1});
    CHECK_FALSE(catalog.store_metadata(keys, "old.tif", 1, computed));
    CHECK_FALSE(catalog.store_metadata(keys, "new.tif", 2, computed));
    CHECK_FALSE(catalog.get(keys)->metadata);
    CHECK(catalog.get(keys)->path == "new.tif");
    const Metadata newer = some_metadata({1, 2, 3, 4});
    catalog.insert({keys, "new.tif", 1, newer});
    CHECK_FALSE(catalog.store_metadata(keys, "new.tif", 1, computed));
    check_same(*catalog.get(keys)->metadata, newer);
  }
  SUBCASE("what was removed meanwhile stays away") {
    CHECK_FALSE(catalog.store_metadata(keys, "a.tif", 1, computed));
    CHECK(catalog.count({}) == 0);
    catalog.insert({keys, "a.tif"});
    CHECK_FALSE(catalog.get(keys)->metadata);
  }
}

inline void check_batches(Catalog& catalog) {
  SUBCASE("one bad record refuses the whole batch") {
    catalog.insert({{"old", "b", "c"}, "old.tif"});
    for (const Record& bad :
         {Record{{"x", "y"}, "p"}, Record{{"x", "y", ""}, "p"},
          Record{{"x", "y", "\xff"}, "p"}, Record{{"x", "y", "z"}, "p", 0},
          Record{{"x", "y", "z"}, "p", 1, some_metadata({0, 0, std::nan(""), 1})}}) {
      CHECK(kind_of([&] { catalog.insert_all({{{"new", "b", "c"}, "new.tif"}, bad}); }) ==
            ErrorKind::invalid_input);
      CHECK(keys_of(catalog.find({})) == std::vector<Keys>{{"old", "b", "c"}});
    }
  }
  SUBCASE("the change counter moves with every write and only then") {
    const auto before = catalog.change_counter();
    CHECK(catalog.get({"a", "b", "c"}) == std::nullopt);
    CHECK(catalog.change_counter() == before);
    catalog.insert({{"a", "b", "c"}, "p"});
    const auto after = catalog.change_counter();
    CHECK(after != before);
    catalog.remove({"a", "b", "c"});
    CHECK(catalog.change_counter() != after);
  }
}

inline void check_queries(Catalog& catalog) {
  fill(catalog);
  const auto found = [&](const Query& query) { return keys_of(catalog.find(query)); };
  SUBCASE("records come in the order of their keys") {
    const auto all = found({});
    CHECK(all.size() == 8);
    CHECK(std::ranges::is_sorted(all));
    CHECK(catalog.count({}) == 8);
  }
  SUBCASE("filters are exact, or-ed within a key and and-ed between keys") {
    CHECK(found({.where = {{"sensor", {"S1"}}, {"date", {"2024"}}}}) ==
          std::vector<Keys>{{"S1", "2024", "B1"}, {"S1", "2024", "B2"}});
    CHECK(found({.where = {{"sensor", {"S1", "S2"}}, {"band", {"B1"}}}}).size() == 4);
    CHECK(found({.where = {{"sensor", {"s1"}}}}).empty());
    CHECK(found({.where = {{"sensor", {"S"}}}}).empty());
    CHECK(found({.where = {{"sensor", {" S1", "S2 "}}}}).empty());
    CHECK(found({.where = {{"sensor", {}}}}).empty());
    CHECK(found({.where = {{"sensor", {"%", "'; DROP TABLE datasets; --", "\xff"}}}})
              .empty());
    CHECK(catalog.count({.where = {{"date", {"2024"}}}}) == 4);
  }
  SUBCASE("an unknown key is named") {
    CHECK_THROWS_WITH_AS(
        catalog.find({.where = {{"foo", {"a"}}}}),
        doctest::Contains("Encountered unrecognized keys {'foo'} (available keys: "
                          "('sensor', 'date', 'band'))"),
        Error);
    CHECK(kind_of([&] { catalog.count({.where = {{"foo", {}}}}); }) ==
          ErrorKind::invalid_input);
  }
  SUBCASE("pages follow each other and end empty") {
    std::vector<Keys> paged;
    for (std::uint64_t page = 0; page < 3; ++page)
      for (const Keys& keys : found({.page = page, .limit = 3})) paged.push_back(keys);
    CHECK(paged == found({}));
    CHECK(found({.page = 3, .limit = 3}).empty());
    CHECK(found({.limit = 0}).empty());
    const std::uint64_t huge = ~std::uint64_t{0};
    CHECK(found({.page = huge, .limit = huge}).empty());
    CHECK(found({.page = 0, .limit = huge}).size() == 8);
  }
}

inline void check_order_and_end(Catalog& catalog) {
  fill(catalog);
  const auto found = [&](const Query& query) { return keys_of(catalog.find(query)); };
  SUBCASE("the last values of a key can come first, page by page") {
    std::vector<Keys> paged;
    for (std::uint64_t page = 0; page < 3; ++page)
      for (const Keys& keys :
           found({.page = page, .limit = 3, .with_metadata = true, .last_first = "date"}))
        paged.push_back(keys);
    CHECK(paged == std::vector<Keys>{{"S1", "2024", "B1"},
                                     {"S1", "2024", "B2"},
                                     {"S2", "2024", "B1"},
                                     {"S2", "2024", "B2"},
                                     {"S1", "2023", "B1"},
                                     {"S1", "2023", "B2"},
                                     {"S2", "2023", "B1"},
                                     {"S2", "2023", "B2"}});
    CHECK(kind_of([&] { catalog.find({.last_first = "colour"}); }) ==
          ErrorKind::invalid_input);
  }
  SUBCASE("a query ends when its time is over or nobody wants it") {
    std::vector<Record> many;
    for (int i = 0; i < 3000; ++i)
      many.push_back({{"S" + std::to_string(i), "2024", "B1"}, "p"});
    catalog.insert_all(many);
    const Context late{.deadline = Context::Clock::now() - std::chrono::seconds{1}};
    std::stop_source stop;
    stop.request_stop();
    const Context unwanted{.stop = stop.get_token()};
    const Query all{.text = "never there"};
    CHECK(kind_of([&] { catalog.count(all, late); }) == ErrorKind::timeout);
    CHECK(kind_of([&] { catalog.find(all, unwanted); }) == ErrorKind::cancelled);
    CHECK(kind_of([&] { catalog.facets(all, 9, late); }) == ErrorKind::timeout);
    CHECK(catalog.count(all) == 0);
  }
}

inline void check_bounds(Catalog& catalog) {
  fill(catalog);
  const auto found = [&](const Query& query) { return keys_of(catalog.find(query)); };
  SUBCASE("bounds find what they touch, also across the antimeridian") {
    CHECK(found({.bounds = Box{4, 40, 6, 60}}).size() == 4);
    CHECK(found({.bounds = Box{5, 55, 6, 60}}).size() == 4);
    CHECK(found({.bounds = Box{5.001, 50, 9.999, 55}}).empty());
    CHECK(found({.bounds = Box{-180, -90, 180, 90}}).size() == 8);
    CHECK(found({.bounds = Box{170, 50, 1, 55}}).size() == 4);
    catalog.insert(
        {{"fiji", "2024", "B1"}, "f", 1, some_metadata({177, -20, -178, -15})});
    CHECK(found({.bounds = Box{178, -18, 179, -17}}) ==
          std::vector<Keys>{{"fiji", "2024", "B1"}});
    CHECK(found({.bounds = Box{-179, -18, -178.5, -17}}).size() == 1);
    CHECK(found({.bounds = Box{-100, -18, 100, -17}}).empty());
    catalog.insert({{"bare", "2024", "B1"}, "no metadata"});
    CHECK(found({.bounds = Box{-180, -90, 180, 90}}).size() == 9);
    catalog.remove({"fiji", "2024", "B1"});
    CHECK(found({.bounds = Box{178, -18, 179, -17}}).empty());
  }
  SUBCASE("bounds follow when the metadata change") {
    catalog.insert({{"S1", "2024", "B1"}, "x", 1, some_metadata({100, 0, 101, 1})});
    CHECK(found({.bounds = Box{100, 0, 101, 1}}) ==
          std::vector<Keys>{{"S1", "2024", "B1"}});
    CHECK(found({.bounds = Box{0, 50, 5, 55}}).size() == 3);
    catalog.insert({{"S1", "2024", "B1"}, "other file"});
    CHECK(found({.bounds = Box{100, 0, 101, 1}}).empty());
  }
}

// So many in one place that an index of places is of no help.
inline void check_crowds(Catalog& catalog) {
  std::vector<Record> records;
  for (int i = 0; i < 4000; ++i) {
    const double west = i % 2 == 0 ? 10 : 20;
    records.push_back({{"S", fmt::format("{:05}", i), "B"},
                       "/p",
                       1,
                       some_metadata({west, 50, west + 1, 51})});
  }
  catalog.insert_all(records);
  const Query all{.page = 1, .limit = 3, .bounds = Box{0, 0, 90, 90}};
  CHECK(keys_of(catalog.find(all)) ==
        std::vector<Keys>{{"S", "00003", "B"}, {"S", "00004", "B"}, {"S", "00005", "B"}});
  CHECK(catalog.count(all) == 4000);
  CHECK(catalog.count({.bounds = Box{0, 0, 15, 90}}) == 2000);
  CHECK(catalog.facets(all, 1).at("sensor").front().count == 4000);
  CHECK(catalog.find({.limit = 1, .bounds = Box{30, 0, 90, 90}}).empty());
}

inline void check_search(Catalog& catalog) {
  fill(catalog);
  const auto found = [&](const Query& query) { return keys_of(catalog.find(query)); };
  SUBCASE("every word of the text must be in some key value") {
    CHECK(found({.text = "s1 202"}).size() == 4);
    CHECK(found({.text = " b2\t2023 "}).size() == 2);
    CHECK(found({.text = "s1 s2"}).empty());
    CHECK(found({.text = "   "}).size() == 8);
    CHECK(found({.text = "%"}).empty());
    catalog.insert({{"ÉTÉ", "2024", "B1"}, "x"});
    CHECK(found({.text = "été"}).size() == 1);
    CHECK(catalog.count({.text = "été b1"}) == 1);
  }
  SUBCASE("metadata come along only when asked for") {
    CHECK_FALSE(catalog.find({.limit = 1}).front().metadata);
    const auto with = catalog.find({.limit = 1, .with_metadata = true});
    REQUIRE(with.front().metadata);
    CHECK(with.front().metadata->bounds == Box{0, 50, 5, 55});
    CHECK(with.front().path == "/data/S12023B1.tif");
  }
  SUBCASE("facets count the values, most frequent first") {
    catalog.insert({{"S1", "2025", "B1"}, "x"});
    const auto facets = catalog.facets({}, 10);
    CHECK(facets.size() == 3);
    const auto& sensors = facets.at("sensor");
    REQUIRE(sensors.size() == 2);
    CHECK(sensors[0].value == "S1");
    CHECK(sensors[0].count == 5);
    CHECK(sensors[1].count == 4);
    CHECK(facets.at("date").size() == 3);
    CHECK(catalog.facets({}, 1).at("date").size() == 1);
  }
  SUBCASE("a key's own filter does not narrow its facet") {
    const auto facets = catalog.facets({.where = {{"sensor", {"S1"}}}}, 10);
    CHECK(facets.at("sensor").size() == 2);
    CHECK(facets.at("sensor")[0].count == 4);
    CHECK(facets.at("date")[0].count == 2);
  }
}

// Readers and writers at once: nobody fails, and a batch is seen whole or not at all.
inline void check_threads(const std::string& uri) {
  const auto catalog = catalog::open_catalog(uri);
  constexpr int batches = 8;
  std::atomic<int> torn = 0;
  std::atomic<int> failed = 0;
  const auto write = [&](int writer) {
    for (int i = 0; i < batches; ++i) {
      const std::string batch = std::to_string(writer) + "-" + std::to_string(i);
      catalog->insert_all({{{batch, "d", "x"}, "p"}, {{batch, "d", "y"}, "p", 2}});
    }
  };
  const auto read = [&] {
    for (int i = 0; i < 40; ++i) {
      if (catalog->find({}).size() % 2 != 0) ++torn;
      catalog->facets({}, 3);
      catalog->change_counter();
      catalog->get({"0-0", "d", "y"});
    }
  };
  const auto guarded = [&](auto work) {
    return [&failed, work] {
      try {
        work();
      } catch (const std::exception&) {
        ++failed;
      }
    };
  };
  {
    std::vector<std::jthread> threads;
    for (int w = 0; w < 2; ++w) threads.emplace_back(guarded([&, w] { write(w); }));
    for (int r = 0; r < 3; ++r) threads.emplace_back(guarded(read));
  }
  CHECK(torn == 0);
  CHECK(failed == 0);
  CHECK(catalog->count({}) == 4 * batches);
}

inline void check_catalog(const MakeCatalog& make) {
  const std::string uri =
      make({{"sensor", ""}, {"date", "day of the image"}, {"band", ""}});
  SUBCASE("key names keep their order and description") {
    const auto catalog = catalog::open_catalog(uri);
    REQUIRE(catalog->key_names().size() == 3);
    CHECK(catalog->key_names()[1].name == "date");
    CHECK(catalog->key_names()[1].description == "day of the image");
    CHECK(catalog->writable());
  }
  SUBCASE("records") { check_records(*catalog::open_catalog(uri)); }
  SUBCASE("replacing") { check_replacing(*catalog::open_catalog(uri)); }
  SUBCASE("stored metadata") { check_stored_metadata(*catalog::open_catalog(uri)); }
  SUBCASE("batches") { check_batches(*catalog::open_catalog(uri)); }
  SUBCASE("queries") { check_queries(*catalog::open_catalog(uri)); }
  SUBCASE("order and end") { check_order_and_end(*catalog::open_catalog(uri)); }
  SUBCASE("bounds") { check_bounds(*catalog::open_catalog(uri)); }
  SUBCASE("where very many are in a box it finds the same") {
    check_crowds(*catalog::open_catalog(uri));
  }
  SUBCASE("search") { check_search(*catalog::open_catalog(uri)); }
  SUBCASE("threads") { check_threads(uri); }
  SUBCASE("another connection's writes are seen, and counted") {
    const auto one = catalog::open_catalog(uri);
    const auto two = catalog::open_catalog(uri);
    const auto before = one->change_counter();
    two->insert({{"a", "b", "c"}, "p", 7});
    CHECK(one->change_counter() != before);
    CHECK(one->get({"a", "b", "c"})->band == 7);
  }
  SUBCASE("read-only refuses every write and nothing else") {
    catalog::open_catalog(uri)->insert({{"a", "b", "c"}, "p"});
    const auto catalog = catalog::open_catalog(uri, {.read_only = true});
    CHECK_FALSE(catalog->writable());
    CHECK(catalog->get({"a", "b", "c"}));
    CHECK(kind_of([&] { catalog->insert({{"a", "b", "d"}, "p"}); }) == ErrorKind::denied);
    CHECK(kind_of([&] { catalog->remove({"a", "b", "c"}); }) == ErrorKind::denied);
    CHECK(kind_of([&] {
            catalog->store_metadata({"a", "b", "c"}, "p", 1, some_metadata());
          }) == ErrorKind::denied);
  }
  SUBCASE("what exists is not made again") {
    CHECK(kind_of([&] { catalog::create_catalog(uri, {{"a", ""}}); }) ==
          ErrorKind::conflict);
  }
}

}  // namespace terrazzo::testing
