#include "terrazzo/catalog/migrate.hpp"

#include "conformance/catalog.hpp"
#include "support/terracotta_database.hpp"

namespace terrazzo::catalog {
namespace {

using testing::bytes_of;
using testing::kind_of;
using testing::run_sql;
using testing::TerracottaDatabase;

}  // namespace

TEST_CASE("0.7 and 0.8 are brought to 0.9 with all they hold") {
  for (const int minor : {7, 8}) {
    CAPTURE(minor);
    const TerracottaDatabase old{minor};
    const std::string& path = old.path();
    const auto before = open_catalog(path)->find({.with_metadata = true});
    const Migration plan = plan_migration("sqlite:///" + path);
    CHECK(plan.from == "0." + std::to_string(minor));
    CHECK(plan.to == "0.9");
    CHECK_FALSE(plan.statements.empty());
    run_migration(path, plan);

    const auto catalog = open_catalog(path);
    CHECK(catalog->writable());
    CHECK(key_tuple(catalog->key_names()) == "('sensor', 'band')");
    CHECK(catalog->key_names()[1].description == "spectral band");
    const auto after = catalog->find({.with_metadata = true});
    REQUIRE(after.size() == before.size());
    for (std::size_t i = 0; i < after.size(); ++i) {
      CHECK(after[i].keys == before[i].keys);
      CHECK(after[i].path == before[i].path);
      REQUIRE(after[i].metadata.has_value() == before[i].metadata.has_value());
      if (after[i].metadata) testing::check_same(*after[i].metadata, *before[i].metadata);
    }
    catalog->insert({{"S2", "B02"}, "/data/b02.tif", 2});
    CHECK(catalog->get({"S2", "B02"})->band == 2);
    CHECK(plan_migration(path).statements.empty());
  }
}

TEST_CASE("a migration may stop at 0.8 and never goes back") {
  const TerracottaDatabase old{7};
  const std::string& path = old.path();
  run_migration(path, plan_migration(path, "0.8"));
  CHECK(plan_migration(path).from == "0.8");
  CHECK(kind_of([&] { plan_migration(path, "0.7"); }) == ErrorKind::unsupported);
  CHECK(kind_of([&] { plan_migration(path, "1.0"); }) == ErrorKind::unsupported);
  CHECK(kind_of([&] { plan_migration(path + ".none"); }) == ErrorKind::not_found);
}

TEST_CASE("planning changes no byte") {
  const TerracottaDatabase old{7};
  const std::string& path = old.path();
  const std::string before = bytes_of(path);
  plan_migration(path);
  CHECK(bytes_of(path) == before);
}

TEST_CASE("a migration that fails leaves the database as it was") {
  const TerracottaDatabase old{7};
  const std::string& path = old.path();
  Migration plan = plan_migration(path);
  plan.statements.push_back("INSERT INTO no_such_table VALUES (1)");
  CHECK_THROWS_AS(run_migration(path, plan), Error);
  CHECK(plan_migration(path).from == "0.7");
  CHECK(open_catalog(path)->count({}) == 2);
}

TEST_CASE("a plan for another version than the database has now is a conflict") {
  const TerracottaDatabase old{7};
  const std::string& path = old.path();
  const Migration plan = plan_migration(path);
  run_migration(path, plan);
  CHECK(kind_of([&] { run_migration(path, plan); }) == ErrorKind::conflict);
}

}  // namespace terrazzo::catalog
