#include <chrono>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "conformance/catalog.hpp"
#include "support/process.hpp"
#include "support/scratch_folder.hpp"
#include "support/terracotta_database.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

namespace terrazzo::catalog {
namespace {

using testing::bytes_of;
using testing::kind_of;
using testing::make_terracotta_database;
using testing::run_sql;
using testing::ScratchFolder;
using testing::some_metadata;
using testing::TerracottaDatabase;

ErrorKind kind_of_opening(const std::string& uri) {
  return kind_of([&] { open_catalog(uri); });
}

std::vector<KeyName> two_keys() { return {{"sensor", ""}, {"band", ""}}; }

// A catalogue of one record at `path`, in one file.
void make_catalog_of(const std::string& path, const std::vector<KeyName>& keys,
                     const Record& record) {
  create_catalog(path, keys);
  open_catalog(path)->insert(record);
}

}  // namespace

TEST_CASE("the SQLite catalogue keeps the promises of a catalogue") {
  const ScratchFolder folder;
  testing::check_catalog([&](const std::vector<KeyName>& keys) {
    create_catalog(folder / "new.sqlite", keys);
    return "sqlite:///" + folder / "new.sqlite";
  });
}

TEST_CASE("what Terracotta 0.8 and 0.9 made keeps the same promises") {
  for (const int minor : {8, 9}) {
    const TerracottaDatabase old{minor};
    const std::string& path = old.path();
    const auto catalog = open_catalog(path);
    REQUIRE(catalog->writable());
    catalog->insert({{"S2", "B04"}, "/data/b04.tif", 1, some_metadata({20, 50, 21, 51})});
    CHECK(catalog->find({.bounds = Box{13, 52, 14, 53}}).size() == 1);
    CHECK(catalog->count({.bounds = Box{20, 50, 21, 51}}) == 1);
    SqliteConnection db{path, true, 1};
    CHECK_FALSE(db.has_table("terrazzo_bands"));
    catalog->insert({{"S2", "B05"}, "/data/many.tif", 5});
    CHECK(catalog->get({"S2", "B05"})->band == 5);
    CHECK(db.has_table("terrazzo_bands"));
    CHECK(open_catalog(path)->count({}) == 4);
  }
}

TEST_CASE("Terracotta databases are served, and reading changes no byte of them") {
  for (const int minor : {7, 8, 9}) {
    CAPTURE(minor);
    const TerracottaDatabase old{minor};
    const std::string& path = old.path();
    const std::string before = bytes_of(path);
    {
      const auto catalog = open_catalog(path);
      CHECK(key_tuple(catalog->key_names()) == "('sensor', 'band')");
      CHECK(catalog->key_names()[1].description == "spectral band");
      const auto records = catalog->find({.with_metadata = true});
      REQUIRE(records.size() == 2);
      CHECK(records[0].path == "/data/b02.tif");
      REQUIRE(records[0].metadata);
      CHECK(records[0].metadata->bounds == Box{13.5, 52.5, 14.75, 53.25});
      CHECK(records[0].metadata->percentiles[98] == 1);
      CHECK(records[0].metadata->user == Json{{"cloud", 3}});
      CHECK_FALSE(records[1].metadata);
      CHECK(catalog->facets({}, 5).at("band").size() == 2);
      CHECK(catalog->change_counter() == catalog->change_counter());
    }
    CHECK(bytes_of(path) == before);
  }
}

TEST_CASE("a database of Terracotta 0.7 is read-only and says how to change that") {
  const ScratchFolder folder;
  make_terracotta_database(folder / "tc.sqlite", 7);
  const auto catalog = open_catalog(folder / "tc.sqlite");
  CHECK_FALSE(catalog->writable());
  CHECK_THROWS_WITH_AS(catalog->insert({{"a", "b"}, "p"}), doctest::Contains("migrate"),
                       Error);
}

TEST_CASE("bounds lie in the columns where Terracotta looks for them") {
  const ScratchFolder folder;
  const std::string path = folder / "new.sqlite";
  create_catalog(path, two_keys());
  open_catalog(path)->insert({{"a", "b"}, "p", 1, some_metadata({1, 2, 3, 4})});
  SqliteConnection db{path, true, 1};
  auto row = db.prepare(
      "SELECT bounds_north, bounds_east, bounds_south, bounds_west, length(percentiles), "
      "(SELECT version FROM terracotta) FROM metadata");
  REQUIRE(row.step());
  for (int i = 0; i < 4; ++i) CHECK(row.number(i) == i + 1);
  CHECK(row.integer(4) == 396);
  CHECK(row.text(5) == "0.9.1");
}

TEST_CASE("rows that Terracotta writes into our catalogue are found by bounds") {
  const ScratchFolder folder;
  const std::string path = folder / "new.sqlite";
  create_catalog(path, two_keys());
  const auto catalog = open_catalog(path);
  catalog->insert({{"S2", "B1"}, "p", 3, some_metadata({1, 1, 2, 2})});
  run_sql(path, {"DELETE FROM datasets", "INSERT INTO datasets VALUES ('S2', 'B1', 'q')",
                 "INSERT OR REPLACE INTO metadata SELECT sensor, band, 50, 50, 51, 51, "
                 "convex_hull, 1, 1, 1, 1, 1, percentiles, metadata FROM metadata",
                 "VACUUM"});
  CHECK(catalog->get({"S2", "B1"})->band == 1);
  CHECK(catalog->count({.bounds = Box{50, 50, 51, 51}}) == 1);
  CHECK(catalog->count({.bounds = Box{1, 1, 2, 2}}) == 0);
}

TEST_CASE("a missing file is not made") {
  const ScratchFolder folder;
  CHECK(kind_of_opening(folder / "none.sqlite") == ErrorKind::not_found);
  CHECK(kind_of_opening("sqlite:///" + folder / "none.sqlite") == ErrorKind::not_found);
  CHECK(kind_of_opening(":memory:") == ErrorKind::not_found);
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(kind_of_opening(folder.path()) == ErrorKind::invalid_input);
  CHECK(kind_of_opening("sqlite:") == ErrorKind::invalid_input);
  CHECK(kind_of_opening("oracle://u:secret@h/db") == ErrorKind::unsupported);
  CHECK_THROWS_WITH_AS(open_catalog("oracle://u:secret@h/db"),
                       doctest::Contains("'oracle:' URIs; there are: mysql, postgresql"),
                       Error);
}

TEST_CASE("other people's files are refused by name and left as they are") {
  const ScratchFolder folder;
  const std::string path = folder / "other.db";
  SUBCASE("text") { std::ofstream{path} << "hello, I am a text file"; }
  SUBCASE("empty") { std::ofstream{path}; }
  SUBCASE("binary") { std::ofstream{path} << std::string(5000, '\xfe'); }
  SUBCASE("another SQLite database") { run_sql(path, {"CREATE TABLE t (a)"}); }
  SUBCASE("half a catalogue") {
    make_terracotta_database(path, 9);
    run_sql(path, {"ALTER TABLE metadata DROP COLUMN stdev"});
  }
  SUBCASE("no keys") {
    make_terracotta_database(path, 9);
    run_sql(path, {"DELETE FROM key_names"});
  }
  SUBCASE("a version that is none") {
    make_terracotta_database(path, 9);
    run_sql(path, {"UPDATE terracotta SET version = 'latest'"});
  }
  SUBCASE("damaged pages") {
    make_terracotta_database(path, 9);
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(20);
    file << std::string(4000, 'x');
  }
  const std::string before = bytes_of(path);
  CHECK(kind_of_opening(path) == ErrorKind::corrupt_data);
  CHECK_THROWS_WITH_AS(open_catalog(path), doctest::Contains("'other.db'"), Error);
  CHECK(bytes_of(path) == before);
}

TEST_CASE("databases of newer versions are refused") {
  const ScratchFolder folder;
  const TerracottaDatabase old{9};
  const std::string& path = old.path();
  for (const char* version : {"0.10.0", "1.0.0", "0.6.3"}) {
    run_sql(path, {std::string{"UPDATE terracotta SET version = '"} + version + "'"});
    CHECK(kind_of_opening(path) == ErrorKind::unsupported);
  }
  create_catalog(folder / "new.sqlite", two_keys());
  run_sql(folder / "new.sqlite", {"UPDATE terrazzo SET version = 2"});
  CHECK(kind_of_opening(folder / "new.sqlite") == ErrorKind::unsupported);
}

TEST_CASE("a damaged metadata row is damage of that row only") {
  for (const char* set : {"percentiles = x'00'", "convex_hull = 'x'", "metadata = '{'"}) {
    CAPTURE(set);
    const TerracottaDatabase old{9};
    run_sql(old.path(), {std::string{"UPDATE metadata SET "} + set});
    const auto catalog = open_catalog(old.path());
    CHECK(kind_of([&] { catalog->get({"S2", "B02"}); }) == ErrorKind::corrupt_data);
    CHECK(catalog->get({"S2", "B03"}));
    const auto listed = catalog->find({.with_metadata = true});
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].keys == Keys{"S2", "B02"});
    CHECK(listed[0].path == "/data/b02.tif");
    CHECK_FALSE(listed[0].metadata);
  }
}

TEST_CASE("creation refuses bad key names and leaves nothing behind") {
  const ScratchFolder folder;
  CHECK(kind_of([&] { create_catalog(folder / "a.sqlite", {{"limit", ""}}); }) ==
        ErrorKind::invalid_input);
  CHECK(kind_of([&] { create_catalog(folder / "no/a.sqlite", two_keys()); }) ==
        ErrorKind::not_found);
  std::ofstream{folder / "there"};
  CHECK(kind_of([&] { create_catalog(folder / "there", two_keys()); }) ==
        ErrorKind::conflict);
  std::filesystem::remove(folder / "there");
  CHECK(std::filesystem::is_empty(folder.path()));
  create_catalog(folder / "a.sqlite", {{"Größe", "it's \"big\""}});
  const auto catalog = open_catalog(folder / "a.sqlite");
  CHECK(catalog->key_names()[0].description == "it's \"big\"");
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
}

TEST_CASE("a locked database is unavailable after the time-out, and not before") {
  const ScratchFolder folder;
  const std::string path = folder / "new.sqlite";
  create_catalog(path, two_keys());
  const auto catalog = open_catalog(path, {.timeout_seconds = 1});
  catalog->insert({{"a", "b"}, "p"});
  SqliteConnection other{path, false, 1};
  other.run("BEGIN IMMEDIATE");
  const auto start = std::chrono::steady_clock::now();
  CHECK(kind_of([&] { catalog->insert({{"c", "d"}, "p"}); }) == ErrorKind::unavailable);
  const auto waited = std::chrono::steady_clock::now() - start;
  CHECK(waited > std::chrono::milliseconds{800});
  CHECK(waited < std::chrono::seconds{5});
  CHECK(catalog->find({}).size() == 1);  // readers do not wait
  other.run("ROLLBACK");
  catalog->insert({{"c", "d"}, "p"});
  CHECK(catalog->count({}) == 2);
}

TEST_CASE("a batch that fails in the middle leaves the old state") {
  const ScratchFolder folder;
  const std::string path = folder / "new.sqlite";
  create_catalog(path, two_keys());
  run_sql(path, {"CREATE TRIGGER refuse BEFORE INSERT ON datasets WHEN NEW.band = 'bad' "
                 "BEGIN SELECT RAISE(ABORT, 'no'); END"});
  const auto catalog = open_catalog(path);
  catalog->insert({{"old", "a"}, "p", 2, some_metadata()});
  CHECK(kind_of([&] {
          catalog->insert_all(
              {{{"new", "a"}, "q"}, {{"old", "a"}, "q"}, {{"x", "bad"}, "q"}});
        }) == ErrorKind::conflict);
  CHECK(catalog->count({}) == 1);
  CHECK(catalog->get({"old", "a"})->band == 2);
  CHECK(catalog->get({"old", "a"})->metadata);
  catalog->insert({{"new", "a"}, "q"});
  CHECK(catalog->count({}) == 2);
}

TEST_CASE("a database replaced by another file is followed") {
  const ScratchFolder folder;
  const std::string path = folder / "new.sqlite";
  const auto put_in_place = [&](const std::vector<KeyName>& keys, const Record& record) {
    create_catalog(folder / "next.sqlite", keys);
    {
      SqliteConnection db{folder / "next.sqlite", false, 1};
      db.prepare("INSERT INTO datasets VALUES ('" + record.keys[0] + "', 'x', 'p')")
          .step();
    }
    std::filesystem::rename(folder / "next.sqlite", path);
  };
  create_catalog(path, two_keys());
  const auto catalog = open_catalog(path);
  SUBCASE("by readers, without being asked whether anything changed") {
    CHECK(catalog->count({}) == 0);
    put_in_place(two_keys(), {{"a", "x"}, "p"});
    CHECK(catalog->get({"a", "x"}));
    CHECK(catalog->count({}) == 1);
    put_in_place(two_keys(), {{"b", "x"}, "p"});
    CHECK(catalog->find({}).front().keys == Keys{"b", "x"});
    put_in_place(two_keys(), {{"c", "x"}, "p"});
    CHECK(catalog->facets({}, 9).at("sensor").front().value == "c");
  }
  SUBCASE("by the writer") {
    put_in_place(two_keys(), {{"a", "x"}, "p"});
    catalog->insert({{"b", "x"}, "p"});
    CHECK(open_catalog(path)->count({}) == 2);
    CHECK(catalog->get({"a", "x"}));
  }
  SUBCASE("and counts as a change") {
    const auto before = catalog->change_counter();
    put_in_place(two_keys(), {{"a", "x"}, "p"});
    CHECK(catalog->change_counter() != before);
  }
  SUBCASE("unless it has other keys") {
    put_in_place({{"sensor", ""}, {"colour", ""}}, {{"a", "x"}, "p"});
    CHECK(kind_of([&] { catalog->insert({{"c", "d"}, "p"}); }) == ErrorKind::unavailable);
    CHECK(kind_of([&] { catalog->count({}); }) == ErrorKind::unavailable);
    CHECK(kind_of([&] { catalog->change_counter(); }) == ErrorKind::unavailable);
  }
}

TEST_CASE("contents are replaced at once for whoever has the catalogue open") {
  const ScratchFolder folder;
  const std::string path = folder / "a.sqlite";
  make_catalog_of(path, two_keys(), {{"a", "b"}, "old", 1, some_metadata()});
  const auto catalog = open_catalog(path);
  catalog->insert({{"c", "d"}, "old"});  // it is open, with a log beside it
  const auto before = catalog->change_counter();
  make_catalog_of(folder / "next", two_keys(), {{"x", "y"}, "new", 3, some_metadata()});
  CHECK(replace_contents("sqlite:///" + path, folder / "next"));
  CHECK(catalog->change_counter() != before);
  REQUIRE(catalog->find({}).size() == 1);
  CHECK(catalog->get({"x", "y"})->band == 3);
  CHECK(catalog->count({.bounds = some_metadata().bounds}) == 1);
  catalog->insert({{"k", "l"}, "p"});
  CHECK(open_catalog(path)->count({}) == 2);

  make_catalog_of(folder / "other", {{"colour", ""}}, {{"red"}, "p"});
  CHECK(replace_contents(path, folder / "other"));
  CHECK(kind_of([&] { catalog->find({}); }) == ErrorKind::unavailable);
  CHECK(kind_of([&] { catalog->insert({{"a", "b"}, "p"}); }) == ErrorKind::unavailable);
  CHECK(open_catalog(path)->get({"red"}));
}

TEST_CASE("the log does not keep what was replaced") {
  const ScratchFolder folder;
  const std::string path = folder / "a.sqlite";
  make_catalog_of(path, two_keys(), {{"a", "b"}, "old", 1, some_metadata()});
  const auto catalog = open_catalog(path);
  for (int i = 0; i < 3; ++i) {
    make_catalog_of(folder / "next", two_keys(), {{"x", "y"}, "new", 3, some_metadata()});
    CHECK(replace_contents(path, folder / "next"));
    CHECK(catalog->get({"x", "y"}));
    std::filesystem::remove(folder / "next");
  }
  CHECK(std::filesystem::file_size(path + "-wal") == 0);
}

TEST_CASE("a catalogue that goes away may come back") {
  const ScratchFolder folder;
  const std::string path = folder / "a.sqlite";
  make_catalog_of(path, two_keys(), {{"a", "b"}, "old", 1, some_metadata()});
  const auto catalog = open_catalog(path);
  std::filesystem::rename(path, path + ".gone");
  CHECK(kind_of([&] { catalog->find({}); }) == ErrorKind::unavailable);
  std::filesystem::rename(path + ".gone", path);
  CHECK(catalog->find({}).size() == 1);
}

TEST_CASE("contents of a database of Terracotta are replaced, whatever its pages") {
  for (const char* mode : {"DELETE", "WAL"}) {
    const TerracottaDatabase old{9};
    run_sql(old.path(), {"PRAGMA page_size = 1024", "VACUUM",
                         std::string{"PRAGMA journal_mode = "} + mode});
    const auto catalog = open_catalog(old.path());
    CHECK(catalog->count({}) == 2);
    const ScratchFolder folder;
    make_catalog_of(folder / "next", two_keys(), {{"x", "y"}, "p", 1, some_metadata()});
    CHECK(replace_contents(old.path(), folder / "next"));
    CHECK(catalog->count({.bounds = some_metadata().bounds}) == 1);
    CHECK(catalog->get({"x", "y"}));
  }
}

TEST_CASE("where no database is, the new one can be moved there as one file") {
  const ScratchFolder folder;
  const std::string path = folder / "a.sqlite";
  make_catalog_of(folder / "next", two_keys(), {{"x", "y"}, "p"});
  std::ofstream{path} << "no database";
  std::ofstream{path + "-wal"} << "of another time";
  CHECK_FALSE(replace_contents(path, folder / "next"));
  CHECK_FALSE(std::filesystem::exists(path + "-wal"));
  CHECK_FALSE(std::filesystem::exists(folder / "next-wal"));
  std::filesystem::rename(folder / "next", path);
  CHECK(open_catalog(path)->get({"x", "y"}));
}

TEST_CASE("a new catalogue that is not whole in its file replaces nothing") {
  const ScratchFolder folder;
  make_catalog_of(folder / "a.sqlite", two_keys(), {{"a", "b"}, "old"});
  make_catalog_of(folder / "next", two_keys(), {{"x", "y"}, "new"});
  SqliteConnection reading{folder / "next", true, 1};
  reading.run("BEGIN");
  auto row = reading.prepare("SELECT * FROM datasets");
  row.step();
  CHECK(kind_of([&] { replace_contents(folder / "a.sqlite", folder / "next"); }) ==
        ErrorKind::unavailable);
  CHECK(open_catalog(folder / "a.sqlite")->get({"a", "b"}));
}

TEST_CASE("a file on a read-only disk is served and not written") {
  const ScratchFolder folder;
  const std::string path = folder / "new.sqlite";
  create_catalog(path, two_keys());
  open_catalog(path)->insert({{"a", "b"}, "p"});  // from here on with a log
  ::chmod(path.c_str(), 0444);
  ::chmod(folder.path().c_str(), 0555);
  const int code = testing::exit_code_as_nobody([&] {
    const auto catalog = open_catalog(path);
    if (catalog->writable() || catalog->count({}) != 1) return 1;
    return kind_of([&] { catalog->insert({{"c", "d"}, "p"}); }) == ErrorKind::denied ? 0
                                                                                     : 2;
  });
  ::chmod(folder.path().c_str(), 0755);
  CHECK(code == 0);
}

TEST_CASE("20 000 records are paged through, counted and sorted quickly") {
  const ScratchFolder folder;
  create_catalog(folder / "new.sqlite", {{"sensor", ""}, {"number", ""}});
  const auto catalog = open_catalog(folder / "new.sqlite");
  std::vector<Record> records;
  for (int i = 0; i < 20'000; ++i)
    records.push_back({{"S" + std::to_string(i % 7), fmt::format("{:05}", i)}, "/p"});
  catalog->insert_all(records);
  const auto start = std::chrono::steady_clock::now();
  CHECK(catalog->count({}) == 20'000);
  CHECK(catalog->find({.page = 199, .limit = 100}).size() == 100);
  CHECK(catalog->find({.page = 200, .limit = 100}).empty());
  CHECK(catalog->find({.page = 199, .limit = 100}).back().keys[1] == "19998");
  CHECK(catalog->facets({}, 100).at("sensor").size() == 7);
  CHECK(catalog->find({.where = {{"sensor", {"S3"}}}, .limit = 10}).size() == 10);
  CHECK(catalog->count({.text = "s3 0001"}) == 2);  // 00010 and 00017
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{2});
}

}  // namespace terrazzo::catalog
