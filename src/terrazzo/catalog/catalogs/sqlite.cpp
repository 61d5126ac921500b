#include <filesystem>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"
#include "terrazzo/catalog/sqlite_file.hpp"
#include "terrazzo/catalog/sqlite_journal.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"
#include "terrazzo/catalog/sqlite_schema.hpp"

namespace terrazzo::catalog {
namespace {

bool opens(std::string_view uri) {
  return uri.starts_with("sqlite:") || uri.find("://") == std::string_view::npos;
}

std::unique_ptr<SqlPool> pool(const std::string& uri, const OpenOptions& options) {
  return std::make_unique<SqlitePool>(sqlite_path(uri), options);
}

// Builds it aside and moves it into place, so that nobody ever sees half of it.
void create(const std::string& uri, const std::vector<KeyName>& keys) {
  const std::string path = sqlite_path(uri);
  NewSqliteFile file{path};
  {
    SqliteConnection db{file.scratch(), false, 10};
    SqliteTransaction transaction{db};
    for (const std::string& sql : schema_sql(keys)) db.run(sql);
    transaction.commit();
  }
  file.publish();
}

// Null: there is no file, or it is no database.
std::unique_ptr<SqliteConnection> database_at(const std::string& path) {
  if (!std::filesystem::exists(path)) return nullptr;
  try {
    return std::make_unique<SqliteConnection>(path, false, OpenOptions{}.timeout_seconds);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt_data) throw;
    return nullptr;
  }
}

std::int64_t page_size_of(SqliteConnection& db) {
  auto row = db.prepare("PRAGMA page_size");
  row.step();
  return row.integer(0);
}

// Brings all of a new database into its one file, in pages of that size.
void settle(const std::string& path, std::int64_t page_size) {
  SqliteConnection db{path, false, 0};  // nobody else should know it
  db.run("PRAGMA journal_mode = DELETE");
  if (std::filesystem::exists(path + "-wal"))
    throw failure(ErrorKind::unavailable,
                  "the new catalogue is in use by somebody else; nothing was replaced");
  if (page_size_of(db) == page_size) return;
  db.run(fmt::format("PRAGMA page_size = {}", page_size));
  db.run("VACUUM");
}

// Renaming a file over a database would leave to the new one what SQLite keeps beside the
// old one, or lose it; and who has it open would not be told.
bool replace(const std::string& uri, const std::string& from) {
  constexpr std::int64_t usual_page_size = 4096;
  const std::string path = sqlite_path(uri);
  const auto database = database_at(path);
  if (!database) {
    settle(from, usual_page_size);
    for (const char* suffix : {"-journal", "-wal", "-shm"})
      std::filesystem::remove(path + suffix);
    return false;
  }
  if (database->read_only())
    throw failure(ErrorKind::denied, "the catalogue '{}' cannot be written",
                  std::filesystem::path{path}.filename().string());
  settle(from, page_size_of(*database));
  SqliteConnection fresh{from, true, 0};
  database->use_write_ahead_log();  // readers then go on while it is replaced
  database->copy_all_from(fresh);
  return true;
}

std::vector<std::string> migration(int minor) {
  if (minor == 8)
    return {
        "CREATE TABLE key_names (key_name VARCHAR(256) NOT NULL, "
        "description VARCHAR(8000), idx INTEGER, PRIMARY KEY (key_name), UNIQUE (idx))",
        "INSERT INTO key_names SELECT \"key\", description, "
        "row_number() OVER (ORDER BY rowid) - 1 FROM \"keys\"",
        "DROP TABLE \"keys\"", "ALTER TABLE datasets RENAME COLUMN filepath TO path",
        "UPDATE terracotta SET version = '0.8.0'"};
  // 0.9 made the numbers double-precision, which SQLite's always were.
  return {"UPDATE terracotta SET version = '0.9.0'"};
}

}  // namespace

extern const CatalogKind catalog_sqlite;
const CatalogKind catalog_sqlite{
    .name = "sqlite",
    .summary = "One file, made by terrazzo or by Terracotta 0.7 to 0.9.",
    .opens = opens,
    .pool = pool,
    .create = create,
    .replace = replace,
    .migration = migration,
    .journal = open_sqlite_journal,
    .frames = open_sqlite_frames,
};

}  // namespace terrazzo::catalog
