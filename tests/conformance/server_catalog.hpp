#pragma once
// What every kind of catalogue on a database server promises besides.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "conformance/catalog.hpp"
#include "support/database_server.hpp"
#include "terrazzo/catalog/migrate.hpp"
#include "terrazzo/catalog/sql_connection.hpp"

namespace terrazzo::testing {

// A kind of server, and how its tests speak with it directly.
struct ServerUnderTest {
  DatabaseServerProcess* process;
  std::string home;  // a database that is always there
  std::function<std::unique_ptr<catalog::SqlConnection>(const std::string& url)> connect;
  std::string drop;      // SQL that takes away a database, with its name at the end
  std::string drop_end;  // and behind it
  std::string number;    // how Terracotta 0.8 calls the types of its columns
  std::string bytes;
  std::string bytes_literal;  // with 0000803f for each of 99 percentiles
  std::string lock_datasets;  // for readers too, until the connection ends
};

// A database that is made anew for each test.
class FreshDatabase {
 public:
  explicit FreshDatabase(const ServerUnderTest& server,
                         std::string name = "Größe of \"it\"")
      : server_(server), name_(std::move(name)) {
    drop();
  }
  ~FreshDatabase() {
    try {
      drop();
    } catch (const Error&) {  // a test that failed may have left no server
    }
  }
  FreshDatabase(const FreshDatabase&) = delete;
  FreshDatabase& operator=(const FreshDatabase&) = delete;

  std::string url(const std::string& login = "terrazzo:terrazzo") const {
    std::string encoded;
    for (const char c : name_)
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return server_.process->url(encoded, login);
  }
  std::unique_ptr<catalog::SqlConnection> connection() const {
    return server_.connect(url());
  }
  void run(const std::vector<std::string>& statements) const {
    const auto db = connection();
    for (const std::string& sql : statements) db->run(sql);
  }

 private:
  void drop() const {
    server_.connect(server_.process->url(server_.home))
        ->run(server_.drop + catalog::sql_name(name_) + server_.drop_end);
  }

  const ServerUnderTest& server_;
  std::string name_;
};

inline std::vector<catalog::KeyName> two_keys() { return {{"sensor", ""}, {"band", ""}}; }

// As Terracotta makes them, with (S2, B02) that has metadata and (S2, B03) that has none.
inline std::vector<std::string> terracotta_tables(const ServerUnderTest& server,
                                                  int minor) {
  const std::string keys =
      "\"sensor\" VARCHAR(95) NOT NULL, \"band\" VARCHAR(95) NOT NULL, ";
  const std::string real = " " + server.number + ", ";
  return {
      "CREATE TABLE terracotta (version VARCHAR(255) NOT NULL, PRIMARY KEY (version))",
      fmt::format("INSERT INTO terracotta VALUES ('0.{}.1')", minor),
      "CREATE TABLE key_names (key_name VARCHAR(95) NOT NULL, description VARCHAR(8000), "
      "idx INTEGER, PRIMARY KEY (key_name), UNIQUE (idx))",
      "INSERT INTO key_names VALUES ('band', 'spectral band', 1), ('sensor', '', 0)",
      "CREATE TABLE datasets (" + keys +
          "path VARCHAR(8000), PRIMARY KEY (\"sensor\", \"band\"))",
      "CREATE TABLE metadata (" + keys + "bounds_north" + real + "bounds_east" + real +
          "bounds_south" + real + "bounds_west" + real +
          "convex_hull TEXT, valid_percentage" + real + "min" + real + "max" + real +
          "mean" + real + "stdev" + real + "percentiles " + server.bytes +
          ", metadata TEXT, PRIMARY KEY (\"sensor\", \"band\"))",
      "INSERT INTO datasets VALUES ('S2', 'B03', '/data/b03.tif')",
      "INSERT INTO datasets VALUES ('S2', 'B02', '/data/b02.tif')",
      "INSERT INTO metadata VALUES ('S2', 'B02', 13.5, 52.5, 14.75, 53.25, "
      "'{\"type\": \"Polygon\", \"coordinates\": [[[13.5, 52.5], [14.75, 52.5], [14.75, "
      "53.25], [13.5, 52.5]]]}', 91.5, 1, 3314, 1513.5, 470.25, " +
          server.bytes_literal + ", '{\"cloud\": 3}')"};
}

inline void check_terracotta_tables(const ServerUnderTest& server) {
  for (const int minor : {8, 9}) {
    CAPTURE(minor);
    const FreshDatabase database{server};
    {
      const auto home = server.connect(server.process->url(server.home));
      home->run("CREATE DATABASE " + catalog::sql_name("Größe of \"it\""));
    }
    database.run(terracotta_tables(server, minor));
    const auto catalog = catalog::open_catalog(database.url());
    CHECK(catalog::key_tuple(catalog->key_names()) == "('sensor', 'band')");
    CHECK(catalog->key_names()[1].description == "spectral band");
    const auto records = catalog->find({.with_metadata = true});
    REQUIRE(records.size() == 2);
    CHECK(records[0].path == "/data/b02.tif");
    REQUIRE(records[0].metadata);
    CHECK(records[0].metadata->bounds == Box{13.5, 52.5, 14.75, 53.25});
    CHECK(records[0].metadata->percentiles[98] == 1);
    CHECK(records[0].metadata->user == Json{{"cloud", 3}});
    CHECK_FALSE(records[1].metadata);
    CHECK(catalog->count({.bounds = Box{14, 53, 15, 54}}) == 1);
    CHECK(catalog->facets({}, 5).at("band").size() == 2);
    CHECK(catalog->change_counter() == catalog->change_counter());
    // Reading has added nothing.
    CHECK(database.connection()->columns_of("datasets") ==
          std::set<std::string>{"sensor", "band", "path"});
    CHECK(database.connection()->columns_of("terrazzo_changes").empty());

    REQUIRE(catalog->writable());
    catalog->insert({{"S2", "B05"}, "/data/many.tif", 5, some_metadata({1, 2, 3, 4})});
    CHECK(catalog->get({"S2", "B05"})->band == 5);
    CHECK(catalog->count({.bounds = Box{2, 3, 2, 3}}) == 1);
    CHECK(catalog::open_catalog(database.url())->count({}) == 3);
  }
}

// Terracotta deletes a row and inserts another.
inline void check_terracotta_writes(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  catalog::create_catalog(database.url(), two_keys());
  const auto catalog = catalog::open_catalog(database.url());
  catalog->insert({{"S2", "B02"}, "/old.tif", 3, some_metadata({1, 2, 3, 4})});
  const auto before = catalog->change_counter();
  database.run(
      {"BEGIN", "DELETE FROM datasets WHERE sensor = 'S2' AND band = 'B02'",
       "INSERT INTO datasets (sensor, band, path) VALUES ('S2', 'B02', '/new.tif')",
       "DELETE FROM metadata WHERE sensor = 'S2' AND band = 'B02'",
       "INSERT INTO metadata (sensor, band, bounds_north, bounds_east, bounds_south, "
       "bounds_west, convex_hull, valid_percentage, min, max, mean, stdev, percentiles, "
       "metadata) VALUES ('S2', 'B02', 50, 50, 51, 51, '{\"type\": \"Polygon\", "
       "\"coordinates\": []}', 1, 1, 1, 1, 1, " +
           server.bytes_literal + ", '{}')",
       "COMMIT"});
  CHECK(catalog->change_counter() != before);
  CHECK(catalog->get({"S2", "B02"})->path == "/new.tif");
  CHECK(catalog->get({"S2", "B02"})->band == 1);
  CHECK(catalog->count({.bounds = Box{50.5, 50.5, 50.6, 50.6}}) == 1);
  CHECK(catalog->count({.bounds = Box{2, 3, 2, 3}}) == 0);
}

inline void check_addresses(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  const auto opening = [](const std::string& url) {
    return error_of([&] { catalog::open_catalog(url, {.timeout_seconds = 1}); });
  };
  const auto kind = [&](const std::string& url) { return opening(url).kind(); };
  CHECK(kind(database.url()) == ErrorKind::not_found);
  catalog::create_catalog(database.url(), two_keys());
  CHECK(kind_of([&] { catalog::create_catalog(database.url(), {{"a", ""}}); }) ==
        ErrorKind::conflict);
  CHECK(kind(database.url("terrazzo:sesame")) == ErrorKind::denied);
  CHECK(kind(database.url("nobody:sesame")) == ErrorKind::denied);
  CHECK(kind(server.process->url(server.home)) == ErrorKind::not_found);
  CHECK(kind(server.process->url("a/b", "u:sesame")) == ErrorKind::invalid_input);
  CHECK(kind(server.process->url("", "u:sesame")) == ErrorKind::invalid_input);
  const std::string nobody = server.process->url("x", "u:sesame");
  const auto port = nobody.rfind(':');
  const std::string closed = nobody.substr(0, port) + ":1/x";
  CHECK(kind(closed) == ErrorKind::unavailable);
  for (const std::string& url :
       {database.url("terrazzo:sesame"), closed, server.process->url("a/b", "u:sesame"),
        server.process->url("x", "u:sesame/%zz")})
    CHECK(std::string{opening(url).what()}.find("sesame") == std::string::npos);
}

inline void check_half_catalogues(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  const auto kind_after = [&](const std::string& sql) {
    database.run({sql});
    return kind_of([&] { catalog::open_catalog(database.url()); });
  };
  catalog::create_catalog(database.url(), two_keys());
  CHECK(kind_after("UPDATE terrazzo SET version = 99") == ErrorKind::unsupported);
  CHECK(kind_after("UPDATE terracotta SET version = '1.0.0'") == ErrorKind::unsupported);
  CHECK(kind_after("UPDATE terracotta SET version = 'x'") == ErrorKind::corrupt_data);
  database.run(
      {"UPDATE terrazzo SET version = 1", "UPDATE terracotta SET version = '0.9.1'"});
  CHECK(kind_after("ALTER TABLE metadata DROP COLUMN percentiles") ==
        ErrorKind::corrupt_data);
  CHECK(kind_after("DROP TABLE metadata") == ErrorKind::corrupt_data);
}

inline void check_replaced_tables(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  catalog::create_catalog(database.url(), two_keys());
  const auto catalog = catalog::open_catalog(database.url());
  CHECK(catalog->count({}) == 0);
  database.run({"DROP TABLE terracotta", "DROP TABLE datasets", "DROP TABLE metadata",
                "DROP TABLE key_names", "DROP TABLE terrazzo",
                "DROP TABLE terrazzo_changes"});
  CHECK(kind_of([&] { catalog->find({}); }) == ErrorKind::unavailable);
  catalog::create_catalog(database.url(), {{"colour", ""}});
  CHECK(kind_of([&] { catalog->find({}); }) == ErrorKind::unavailable);
  CHECK(kind_of([&] { catalog->insert({{"a", "b"}, "p"}); }) == ErrorKind::unavailable);
}

inline void check_migration(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  server.connect(server.process->url(server.home))
      ->run("CREATE DATABASE " + catalog::sql_name("Größe of \"it\""));
  database.run(terracotta_tables(server, 8));
  const auto before =
      catalog::open_catalog(database.url())->find({.with_metadata = true});
  const auto plan = catalog::plan_migration(database.url());
  CHECK(plan.from == "0.8");
  catalog::run_migration(database.url(), plan);
  CHECK(catalog::plan_migration(database.url()).statements.empty());
  const auto after = catalog::open_catalog(database.url())->find({.with_metadata = true});
  REQUIRE(after.size() == 2);
  check_same(*after[0].metadata, *before[0].metadata);
}

inline void check_replacing_all(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  const ScratchFolder folder;
  catalog::create_catalog(database.url(), two_keys());
  const auto catalog = catalog::open_catalog(database.url());
  catalog->insert_all({{{"a", "b"}, "old", 2}, {{"c", "d"}, "old", 1, some_metadata()}});
  const auto before = catalog->change_counter();
  catalog::create_catalog(folder / "next", two_keys());
  catalog::open_catalog(folder / "next")
      ->insert_all({{{"a", "b"}, "new"}, {{"x", "y"}, "new", 3, some_metadata()}});
  CHECK(catalog::replace_contents(database.url(), folder / "next"));
  CHECK(catalog->change_counter() != before);
  CHECK(keys_of(catalog->find({})) == std::vector<Keys>{{"a", "b"}, {"x", "y"}});
  CHECK(catalog->get({"a", "b"})->band == 1);
  CHECK(catalog->get({"x", "y"})->band == 3);
  CHECK(catalog->count({.bounds = some_metadata().bounds}) == 1);
  catalog::create_catalog(folder / "other", {{"colour", ""}});
  CHECK(kind_of([&] { catalog::replace_contents(database.url(), folder / "other"); }) ==
        ErrorKind::unsupported);
  CHECK(catalog->count({}) == 2);
}

inline void check_restart(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  catalog::create_catalog(database.url(), two_keys());
  const auto catalog = catalog::open_catalog(database.url(), {.timeout_seconds = 1});
  catalog->insert({{"a", "b"}, "p"});
  server.process->stop();
  CHECK(kind_of([&] { catalog->find({}); }) == ErrorKind::unavailable);
  CHECK(kind_of([&] { catalog->insert({{"c", "d"}, "p"}); }) == ErrorKind::unavailable);
  server.process->start();
  CHECK(catalog->find({}).size() == 1);
  server.process->stop();
  server.process->start();
  catalog->insert({{"c", "d"}, "p"});
  CHECK(catalog->count({}) == 2);
}

inline void check_locks(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  catalog::create_catalog(database.url(), two_keys());
  const auto catalog = catalog::open_catalog(database.url(), {.timeout_seconds = 1});
  catalog->insert({{"a", "b"}, "p"});
  SUBCASE("a record that another one is writing is unavailable after the time-out") {
    const auto other = database.connection();
    other->run("BEGIN");
    other->run("UPDATE datasets SET path = 'other'");
    const auto start = std::chrono::steady_clock::now();
    CHECK(kind_of([&] { catalog->insert({{"a", "b"}, "q"}); }) == ErrorKind::unavailable);
    CHECK(std::chrono::steady_clock::now() - start > std::chrono::milliseconds{800});
    CHECK(catalog->get({"a", "b"})->path == "p");  // readers do not wait
    other->run("ROLLBACK");
    catalog->insert({{"a", "b"}, "q"});
    CHECK(catalog->get({"a", "b"})->path == "q");
  }
  SUBCASE("a query that waits ends when its time is over or nobody wants it") {
    auto other = database.connection();
    other->run("BEGIN");
    other->run(server.lock_datasets);
    const Context late{.deadline = Context::Clock::now() + std::chrono::milliseconds{50}};
    CHECK(kind_of([&] { catalog->find({}, late); }) == ErrorKind::timeout);
    std::stop_source stop;
    const std::jthread stopping{[&] {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
      stop.request_stop();
    }};
    const Context unwanted{.stop = stop.get_token()};
    CHECK(kind_of([&] { catalog->count({}, unwanted); }) == ErrorKind::cancelled);
    other.reset();
    CHECK(catalog->count({}) == 1);
  }
}

// Each writes the same records in its own order, and more threads than connections.
inline void check_many_writers(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  catalog::create_catalog(database.url(), two_keys());
  constexpr int writers = 24;
  std::atomic<int> failed = 0;
  std::vector<std::shared_ptr<catalog::Catalog>> catalogs;
  for (int i = 0; i < 2; ++i) catalogs.push_back(catalog::open_catalog(database.url()));
  const auto write = [&](int writer) {
    try {
      for (int round = 0; round < 4; ++round) {
        std::vector<Record> records;
        for (int i = 0; i < 10; ++i) {
          const int number = writer % 2 == 0 ? i : 9 - i;
          records.push_back({{"S", std::to_string(number)}, std::to_string(writer), 1});
          if (i % 2 == 0) records.back().metadata = some_metadata();
        }
        catalogs[static_cast<std::size_t>(writer % 2)]->insert_all(records);
      }
    } catch (const std::exception& error) {
      MESSAGE(error.what());
      ++failed;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < writers; ++i) threads.emplace_back(write, i);
  }
  CHECK(failed == 0);
  const auto records = catalogs[0]->find({});
  REQUIRE(records.size() == 10);
  for (const Record& record : records) CHECK(record.path == records.front().path);
}

inline void check_large_values(const ServerUnderTest& server) {
  const FreshDatabase database{server};
  catalog::create_catalog(database.url(), two_keys());
  const auto catalog = catalog::open_catalog(database.url());
  CHECK(kind_of([&] { catalog->insert({{std::string(5000, 'x'), "b"}, "p"}); }) ==
        ErrorKind::too_large);
  CHECK(kind_of([&] { catalog->insert({{"a", "b"}, std::string(9000, 'x')}); }) ==
        ErrorKind::too_large);
  Record record{{"a", "b"}, "p", 1, some_metadata()};
  record.metadata->user = std::string(300'000, 'x');
  catalog->insert(record);
  CHECK(catalog->get({"a", "b"})->metadata->user == record.metadata->user);
}

inline void check_server_catalog(const ServerUnderTest& server) {
  SUBCASE("the promises of a catalogue") {
    const FreshDatabase database{server};
    check_catalog([&](const std::vector<catalog::KeyName>& keys) {
      catalog::create_catalog(database.url(), keys);
      return database.url();
    });
  }
  SUBCASE("tables of Terracotta are served; writing completes them") {
    check_terracotta_tables(server);
  }
  SUBCASE("what Terracotta writes is seen") { check_terracotta_writes(server); }
  SUBCASE("each thing that is wrong with an address has its kind; no password is told") {
    check_addresses(server);
  }
  SUBCASE("half a catalogue, or a newer one, is told") { check_half_catalogues(server); }
  SUBCASE("tables of other keys have to be opened anew") {
    check_replaced_tables(server);
  }
  SUBCASE("0.8 becomes 0.9") { check_migration(server); }
  SUBCASE("all records are replaced at once") { check_replacing_all(server); }
  SUBCASE("a restart of the server goes unnoticed, its absence does not") {
    check_restart(server);
  }
  SUBCASE("locks") { check_locks(server); }
  SUBCASE("writers of the same records all come through, one after the other") {
    check_many_writers(server);
  }
  SUBCASE("values that are too long are refused, long metadata are kept") {
    check_large_values(server);
  }
}

}  // namespace terrazzo::testing
