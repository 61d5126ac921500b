#include "conformance/server_catalog.hpp"
#include "terrazzo/catalog/postgres_connection.hpp"
#include "terrazzo/catalog/sql_pool.hpp"
#include "terrazzo/catalog/sql_query.hpp"

namespace terrazzo::catalog {
namespace {

using testing::FreshDatabase;
using testing::ServerUnderTest;

std::string ninety_nine(const std::string& text) {
  std::string all;
  for (int i = 0; i < 99; ++i) all += text;
  return all;
}

ServerUnderTest server_under_test(testing::DatabaseServerProcess* process) {
  return {.process = process,
          .home = "postgres",
          .connect =
              [](const std::string& url) {
                return std::make_unique<PostgresConnection>(
                    ServerAddress{database_url(url, 5432), 5, false}, nullptr);
              },
          .drop = "DROP DATABASE IF EXISTS ",
          .drop_end = " WITH (FORCE)",
          .number = "FLOAT",
          .bytes = "BYTEA",
          .bytes_literal = "'\\x" + ninety_nine("0000803f") + "'",
          .lock_datasets = "LOCK TABLE datasets"};
}

// One number.
std::int64_t number_of(SqlConnection& db, const std::string& sql) {
  const auto row = db.select({sql});
  return row->next() ? row->integer(0) : -1;
}

}  // namespace

TEST_CASE("the PostgreSQL catalogue keeps the promises of a catalogue on a server") {
  auto* process = testing::shared_server<testing::postgresql_server>();
  if (process == nullptr) return;
  testing::check_server_catalog(server_under_test(process));
}

TEST_CASE("a map view looks at the footprints' index, a page at that of the keys") {
  auto* process = testing::shared_server<testing::postgresql_server>();
  if (process == nullptr) return;
  const auto server = server_under_test(process);
  const FreshDatabase database{server};
  create_catalog(database.url(), {{"name", ""}});
  const auto catalog = open_catalog(database.url());
  std::vector<Record> records;
  for (int i = 0; i < 20'000; ++i) {
    const double west = i % 200;
    const double south = i / 200 * 0.5;
    records.push_back({{fmt::format("{:05}", i)},
                       "/p",
                       1,
                       testing::some_metadata({west, south, west + 1, south + 0.5})});
  }
  catalog->insert_all(records);
  database.run({"ANALYZE"});
  const auto plan_of = [&](const Query& query) {
    std::string plan;
    const auto pool = catalog_kind(database.url()).pool(database.url(), {});
    pool->read(nullptr, [&](SqlConnection& db) {
      const SqlQuery sql = find_sql(pool->schema(), SqlBands::column, query);
      const auto rows = db.select({"EXPLAIN " + sql.text, sql.values});
      while (rows->next()) plan += rows->text(0) + '\n';
    });
    return plan;
  };
  const Query view{.limit = 100, .bounds = Box{10.5, 10.1, 11.5, 10.2}};
  CHECK(catalog->find(view).size() == 2);
  CHECK(plan_of(view).find("terrazzo_footprints") != std::string::npos);
  const std::string page = plan_of({.page = 3, .limit = 100, .with_metadata = true});
  CHECK(page.find("datasets_pkey") != std::string::npos);
  CHECK(page.find("Seq Scan on datasets") == std::string::npos);
}

TEST_CASE("at most 16 connections are used, however many ask") {
  auto* process = testing::shared_server<testing::postgresql_server>();
  if (process == nullptr) return;
  const auto server = server_under_test(process);
  const FreshDatabase database{server, "bounded"};
  create_catalog(database.url(), {{"name", ""}});
  const auto catalog = open_catalog(database.url());
  const auto watcher = database.connection();
  std::int64_t most = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 40; ++i)
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) catalog->count({});
      });
    for (int i = 0; i < 20; ++i)
      most = std::max(most, number_of(*watcher,
                                      "SELECT count(*) FROM pg_stat_activity WHERE "
                                      "datname = 'bounded' AND pid <> pg_backend_pid()"));
  }
  CHECK(most <= 16);
  CHECK(most > 0);
}

}  // namespace terrazzo::catalog
