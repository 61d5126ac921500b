#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/mysql_connection.hpp"
#include "terrazzo/catalog/mysql_schema.hpp"
#include "terrazzo/catalog/server_pool.hpp"
#include "terrazzo/catalog/sql_catalog.hpp"

namespace terrazzo::catalog {
namespace {

constexpr int usual_port = 3306;

ServerAddress address_of(const std::string& uri, const OpenOptions& options) {
  return {database_url(uri, usual_port), options.timeout_seconds, options.read_only};
}

// Others that would make the same at the same time wait until this goes out of scope.
class MakingLock {
 public:
  explicit MakingLock(SqlConnection& db) : db_(db) {
    const auto row =
        db_.select({"SELECT get_lock(concat('terrazzo ', md5(database())), 60)"});
    if (!row->next() || row->integer(0) != 1)
      throw failure(ErrorKind::unavailable,
                    "others have been making this catalogue for a minute; try again");
  }
  ~MakingLock() {
    try {
      db_.run("DO release_lock(concat('terrazzo ', md5(database())))");
    } catch (const Error&) {  // it goes with the connection
    }
  }
  MakingLock(const MakingLock&) = delete;
  MakingLock& operator=(const MakingLock&) = delete;

 private:
  SqlConnection& db_;
};

void add_missing(SqlConnection& db) {
  for (const std::string& sql : mysql_additions_sql(db)) db.run(sql);
}

class MysqlServer final : public DatabaseServer {
 public:
  explicit MysqlServer(ServerAddress address) : address_(std::move(address)) {}

  const std::string& name() const override { return address_.url.name; }
  const SqlDialect& dialect() const override { return dialect_; }

  std::unique_ptr<ServerConnection> connect(const Context* context) const override {
    if (context != nullptr) context->check();
    return std::make_unique<MysqlConnection>(address_);
  }

  bool has_footprints(SqlConnection& db) const override {
    return db.columns_of("metadata").contains("terrazzo_footprint");
  }

  // What the user may do is told when it is tried.
  bool may_write(SqlConnection& db) const override {
    const auto row = db.select({"SELECT @@global.read_only"});
    return row->next() && row->integer(0) == 0;
  }

  void complete(SqlConnection& db, const SqlSchema& /*schema*/) const override {
    if (!db.columns_of("terrazzo_changes").empty()) return;
    const MakingLock lock{db};
    add_missing(db);
  }

  void begin(SqlConnection& db) const override {
    db.run("BEGIN");
    if (!counts_) counts_ = !db.columns_of("terrazzo_changes").empty();
    if (counts_) db.run(mysql_count_sql());
  }

  // Of the last write, in whole seconds.
  SqlQuery roughly_changed() const override {
    return {
        "SELECT coalesce(max(unix_timestamp(update_time)), 0) FROM "
        "information_schema.tables WHERE table_schema = database() AND table_name IN "
        "('datasets', 'metadata')"};
  }

 private:
  ServerAddress address_;
  MysqlDialect dialect_;
  mutable std::atomic<bool> counts_ = false;  // terrazzo_changes is there
};

bool opens(std::string_view uri) {
  return uri.starts_with("mysql://") || uri.starts_with("mariadb://");
}

std::unique_ptr<SqlPool> pool(const std::string& uri, const OpenOptions& options) {
  return std::make_unique<ServerPool>(
      std::make_unique<MysqlServer>(address_of(uri, options)), options);
}

void create_database(ServerAddress address) {
  const std::string name = std::exchange(address.url.name, "");
  MysqlConnection{address}.run(fmt::format(
      "CREATE DATABASE IF NOT EXISTS {} CHARACTER SET utf8mb4", sql_name(name)));
}

MysqlConnection connected(const ServerAddress& address) {
  try {
    return MysqlConnection{address};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
  }
  create_database(address);
  return MysqlConnection{address};
}

std::string_view bytewise_collation(SqlConnection& db) {
  const auto row = db.select({"SELECT version()"});
  const bool is_mariadb =
      row->next() && row->text(0).find("MariaDB") != std::string::npos;
  return is_mariadb ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin";
}

// The server cannot make tables in a transaction. The one by which a catalogue is known
// comes last: nobody takes half of it for one.
void create(const std::string& uri, const std::vector<KeyName>& keys) {
  const ServerAddress address = address_of(uri, {});
  MysqlConnection db = connected(address);
  const MakingLock lock{db};
  if (!db.columns_of("terracotta").empty())
    throw failure(ErrorKind::conflict, "the database '{}' holds a catalogue already",
                  address.url.name);
  const auto statements = mysql_tables_sql(keys, bytewise_collation(db));
  for (const std::string& sql : statements) {
    if (sql.starts_with("CREATE TABLE terracotta")) add_missing(db);
    db.run(sql);
  }
}

bool replace(const std::string& uri, const std::string& from) {
  replace_records(*pool(uri, {}), from);
  return true;
}

std::vector<std::string> migration(int /*minor*/) {
  std::string numbers = "ALTER TABLE metadata";
  for (const std::string_view column :
       {bounds_columns[0], bounds_columns[1], bounds_columns[2], bounds_columns[3],
        std::string_view{"valid_percentage"}, std::string_view{"min"},
        std::string_view{"max"}, std::string_view{"mean"}, std::string_view{"stdev"}})
    numbers += fmt::format("{} MODIFY {} DOUBLE",
                           numbers.ends_with("metadata") ? "" : ",", column);
  return {numbers, "UPDATE terracotta SET version = '0.9.0'"};
}

}  // namespace

extern const CatalogKind catalog_mysql;
const CatalogKind catalog_mysql{
    .name = "mysql",
    .summary =
        "A database on a MariaDB or MySQL server, made by terrazzo or by "
        "Terracotta 0.8 and 0.9.",
    .opens = opens,
    .pool = pool,
    .create = create,
    .replace = replace,
    .migration = migration,
};

}  // namespace terrazzo::catalog
