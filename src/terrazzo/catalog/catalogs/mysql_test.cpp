#include "conformance/server_catalog.hpp"
#include "terrazzo/catalog/mysql_connection.hpp"

namespace terrazzo::catalog {
namespace {

testing::ServerUnderTest server_under_test(testing::DatabaseServerProcess* process) {
  std::string percentiles;
  for (int i = 0; i < 99; ++i) percentiles += "0000803f";
  return {.process = process,
          .home = "mysql",
          .connect =
              [](const std::string& url) {
                auto db = std::make_unique<MysqlConnection>(
                    ServerAddress{database_url(url, 3306), 5, false});
                db->run("SET @terrazzo_counts = NULL");  // as another program's
                return db;
              },
          .drop = "DROP DATABASE IF EXISTS ",
          .drop_end = "",
          .number = "FLOAT",
          .bytes = "BLOB",
          .bytes_literal = "X'" + percentiles + "'",
          .lock_datasets = "LOCK TABLES datasets WRITE"};
}

}  // namespace

TEST_CASE("the MariaDB catalogue keeps the promises of a catalogue on a server") {
  auto* process = testing::shared_server<testing::mariadb_server>();
  if (process == nullptr) return;
  testing::check_server_catalog(server_under_test(process));
}

TEST_CASE("a number that MariaDB cannot hold becomes the nearest that it can") {
  auto* process = testing::shared_server<testing::mariadb_server>();
  if (process == nullptr) return;
  const auto server = server_under_test(process);
  const testing::FreshDatabase database{server};
  create_catalog(database.url(), testing::two_keys());
  const auto catalog = open_catalog(database.url());
  Record record{{"a", "b"}, "p", 1, testing::some_metadata()};
  record.metadata->high = std::numeric_limits<double>::infinity();
  record.metadata->stdev = std::nan("");
  catalog->insert(record);
  const auto got = catalog->get({"a", "b"});
  CHECK(got->metadata->high == std::numeric_limits<double>::max());
  CHECK(std::isnan(got->metadata->stdev));
}

}  // namespace terrazzo::catalog
