#include <mutex>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/postgres_connection.hpp"
#include "terrazzo/catalog/postgres_schema.hpp"
#include "terrazzo/catalog/server_pool.hpp"
#include "terrazzo/catalog/sql_catalog.hpp"

namespace terrazzo::catalog {
namespace {

constexpr int usual_port = 5432;
constexpr std::string_view database_of_all = "postgres";  // that every server has

ServerAddress address_of(const std::string& uri, const OpenOptions& options) {
  return {database_url(uri, usual_port), options.timeout_seconds, options.read_only};
}

bool is_true(SqlConnection& db, const std::string& condition) {
  const auto row = db.select({"SELECT CASE WHEN " + condition + " THEN 1 ELSE 0 END"});
  return row->next() && row->integer(0) == 1;
}

// The C library's letters first, as terrazzo's own (see words.hpp).
std::string lower_collation(SqlConnection& db) {
  const auto rows = db.select(
      {"SELECT collname FROM pg_catalog.pg_collation WHERE collname IN ('C.utf8', "
       "'C.UTF-8', 'pg_c_utf8', 'und-x-icu') AND collencoding IN (-1, "
       "(SELECT encoding FROM pg_catalog.pg_database WHERE datname = "
       "current_database())) ORDER BY collname LIMIT 1"});
  return rows->next() ? rows->text(0) : "";
}

class PostgresServer final : public DatabaseServer {
 public:
  explicit PostgresServer(ServerAddress address) : address_(std::move(address)) {}

  const std::string& name() const override { return address_.url.name; }
  const SqlDialect& dialect() const override { return *dialect_; }

  std::unique_ptr<ServerConnection> connect(const Context* context) const override {
    auto db = std::make_unique<PostgresConnection>(address_, context);
    std::call_once(is_known_, [&] {
      dialect_ = std::make_unique<PostgresDialect>(lower_collation(*db));
    });
    return db;
  }

  // Without the index the same condition is looked at row by row.
  bool has_footprints(SqlConnection& /*db*/) const override { return true; }

  bool may_write(SqlConnection& db) const override {
    std::string condition = "current_setting('transaction_read_only') = 'off'";
    for (const char* table : {"datasets", "metadata"})
      for (const char* right : {"INSERT", "UPDATE", "DELETE"})
        condition += fmt::format(" AND has_table_privilege('{}', '{}')", table, right);
    return is_true(db, condition);
  }

  void complete(SqlConnection& db, const SqlSchema& /*schema*/) const override {
    if (is_true(db,
                "to_regclass('terrazzo_changes') IS NOT NULL AND "
                "to_regclass('terrazzo_footprints') IS NOT NULL"))
      return;
    db.run("BEGIN");
    try {
      db.run("SELECT pg_advisory_xact_lock(hashtext('terrazzo'))");
      for (const std::string& sql : postgres_additions_sql()) db.run(sql);
      db.run("COMMIT");
    } catch (...) {
      db.run("ROLLBACK");
      throw;
    }
  }

  // Any write to any database of this server changes it.
  SqlQuery roughly_changed() const override {
    return {"SELECT hashtextextended(pg_current_snapshot()::text, 0)"};
  }

 private:
  ServerAddress address_;
  mutable std::once_flag is_known_;
  mutable std::unique_ptr<PostgresDialect> dialect_;  // since the first connection
};

bool opens(std::string_view uri) {
  return uri.starts_with("postgresql://") || uri.starts_with("postgres://");
}

std::unique_ptr<SqlPool> pool(const std::string& uri, const OpenOptions& options) {
  return std::make_unique<ServerPool>(
      std::make_unique<PostgresServer>(address_of(uri, options)), options);
}

// Several may want the same new one.
void create_database(ServerAddress address) {
  const std::string name = address.url.name;
  address.url.name = database_of_all;
  PostgresConnection db{address, nullptr};
  try {
    db.run("CREATE DATABASE " + sql_name(name));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::conflict) throw;
  }
}

PostgresConnection connected(const ServerAddress& address) {
  try {
    return PostgresConnection{address, nullptr};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
  create_database(address);
  return PostgresConnection{address, nullptr};
}

// In one transaction: nobody ever sees half of it.
void create(const std::string& uri, const std::vector<KeyName>& keys) {
  const ServerAddress address = address_of(uri, {});
  PostgresConnection db = connected(address);
  db.run("BEGIN");
  db.run("SELECT pg_advisory_xact_lock(hashtext('terrazzo'))");
  if (!db.columns_of("terracotta").empty())
    throw failure(ErrorKind::conflict, "the database '{}' holds a catalogue already",
                  address.url.name);
  for (const std::string& sql : postgres_schema_sql(keys)) db.run(sql);
  db.run("COMMIT");
}

bool replace(const std::string& uri, const std::string& from) {
  replace_records(*pool(uri, {}), from);
  return true;
}

// The numbers of 0.8 were double-precision here already.
std::vector<std::string> migration(int /*minor*/) {
  return {"UPDATE terracotta SET version = '0.9.0'"};
}

}  // namespace

extern const CatalogKind catalog_postgresql;
const CatalogKind catalog_postgresql{
    .name = "postgresql",
    .summary =
        "A database on a PostgreSQL server, made by terrazzo or by Terracotta 0.8 "
        "and 0.9.",
    .opens = opens,
    .pool = pool,
    .create = create,
    .replace = replace,
    .migration = migration,
};

}  // namespace terrazzo::catalog
