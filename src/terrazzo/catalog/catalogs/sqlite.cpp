#include <filesystem>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/rules.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"
#include "terrazzo/catalog/sqlite_file.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"
#include "terrazzo/catalog/sqlite_query.hpp"
#include "terrazzo/catalog/sqlite_schema.hpp"

namespace terrazzo::catalog {
namespace {

class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(const std::string& path, const OpenOptions& options)
      : pool_(path, options),
        get_plain_(get_sql(schema(), false)),
        get_banded_(get_sql(schema(), true)),
        upsert_dataset_(upsert_dataset_sql(schema())),
        upsert_metadata_(upsert_metadata_sql(schema())) {}

  const std::vector<KeyName>& key_names() const override { return schema().keys; }
  bool writable() const override { return pool_.writable(); }

  std::vector<Record> find(const Query& query, const Context& context) const override;
  std::uint64_t count(const Query& query, const Context& context) const override;
  std::map<std::string, std::vector<KeyCount>> facets(
      const Query& query, std::size_t most, const Context& context) const override;
  std::optional<Record> get(const Keys& keys) const override;
  void insert(const Record& record) override { insert_all({record}); }
  void insert_all(const std::vector<Record>& records) override;
  bool store_metadata(const Keys& keys, const std::string& path, int band,
                      const Metadata& metadata) override;
  void remove(const Keys& keys) override;
  std::uint64_t change_counter() const override { return pool_.change_counter(); }

 private:
  const SqliteSchema& schema() const { return pool_.schema(); }
  void check_writable() const;
  std::optional<Record> get_from(SqliteConnection& db, const Keys& keys) const;
  void put(SqliteConnection& db, const Record& record) const;
  void put_metadata(SqliteConnection& db, const Keys& keys,
                    const Metadata& metadata) const;
  void put_band(SqliteConnection& db, const Record& record) const;

  SqlitePool pool_;
  std::string get_plain_;
  std::string get_banded_;
  std::string upsert_dataset_;
  std::string upsert_metadata_;
};

// Somebody else may add the table at any time.
bool has_bands(SqliteConnection& db) { return db.has_table("terrazzo_bands"); }

std::vector<Record> SqliteCatalog::find(const Query& query,
                                        const Context& context) const {
  check_filters(schema().keys, query);
  const auto reader = pool_.reader(&context);
  const SqlQuery sql = find_sql(schema(), has_bands(*reader), query);
  auto rows = reader->prepare(sql.text);
  bind_values(rows, sql);
  std::vector<Record> records;
  while (rows.step())
    records.push_back(
        record_of(rows, schema().keys.size(), query.with_metadata, Damaged::leave_out));
  return records;
}

std::uint64_t SqliteCatalog::count(const Query& query, const Context& context) const {
  check_filters(schema().keys, query);
  const auto reader = pool_.reader(&context);
  const SqlQuery sql = count_sql(schema(), query);
  auto rows = reader->prepare(sql.text);
  bind_values(rows, sql);
  rows.step();
  return static_cast<std::uint64_t>(rows.integer(0));
}

std::map<std::string, std::vector<KeyCount>> SqliteCatalog::facets(
    const Query& query, std::size_t most, const Context& context) const {
  check_filters(schema().keys, query);
  const auto reader = pool_.reader(&context);
  std::map<std::string, std::vector<KeyCount>> facets;
  for (std::size_t i = 0; i < schema().keys.size(); ++i) {
    const SqlQuery sql = facet_sql(schema(), query, i, most);
    auto rows = reader->prepare(sql.text);
    bind_values(rows, sql);
    auto& counts = facets[schema().keys[i].name];
    while (rows.step())
      counts.push_back({rows.text(0), static_cast<std::uint64_t>(rows.integer(1))});
  }
  return facets;
}

std::optional<Record> SqliteCatalog::get(const Keys& keys) const {
  check_key_count(schema().keys, keys);
  const auto reader = pool_.reader();
  return get_from(*reader, keys);
}

std::optional<Record> SqliteCatalog::get_from(SqliteConnection& db,
                                              const Keys& keys) const {
  auto row = db.prepare(has_bands(db) ? get_banded_ : get_plain_);
  bind_keys(row, keys);
  if (!row.step()) return {};
  return record_of(row, keys.size(), true, Damaged::refuse);
}

void SqliteCatalog::check_writable() const {
  if (schema().minor < 8)
    throw failure(ErrorKind::denied,
                  "this catalogue was made by Terracotta 0.{}; migrate it before writing",
                  schema().minor);
  if (!writable()) throw failure(ErrorKind::denied, "this catalogue is read-only");
}

void SqliteCatalog::insert_all(const std::vector<Record>& records) {
  check_writable();
  for (const Record& record : records) check_record(schema().keys, record);
  const SqlitePool::Writer writer{pool_};
  SqliteTransaction transaction{*writer};
  for (const Record& record : records) put(*writer, record);
  transaction.commit();
}

void SqliteCatalog::put(SqliteConnection& db, const Record& record) const {
  bool stale = false;
  if (!record.metadata) {
    auto old = db.prepare(has_bands(db) ? get_banded_ : get_plain_);
    bind_keys(old, record.keys);
    const auto n = static_cast<int>(record.keys.size());
    stale =
        old.step() && (old.text(n) != record.path || old.integer(n + 1) != record.band);
  }
  {
    auto dataset = db.prepare(upsert_dataset_);
    bind_keys(dataset, record.keys);
    dataset.bind(record.path).step();
  }
  if (record.band != 1) put_band(db, record);
  if (record.metadata) {
    put_metadata(db, record.keys, *record.metadata);
  } else if (stale) {
    auto metadata = db.prepare(delete_sql(schema(), "metadata"));
    bind_keys(metadata, record.keys);
    metadata.step();
  }
}

void SqliteCatalog::put_metadata(SqliteConnection& db, const Keys& keys,
                                 const Metadata& metadata) const {
  auto row = db.prepare(upsert_metadata_);
  bind_keys(row, keys);
  bind_metadata(row, metadata);
  row.step();
}

bool SqliteCatalog::store_metadata(const Keys& keys, const std::string& path, int band,
                                   const Metadata& metadata) {
  check_record(schema().keys, {keys, path, band, metadata});
  check_writable();
  const SqlitePool::Writer writer{pool_};
  SqliteTransaction transaction{*writer};
  {
    auto row = writer->prepare(has_bands(*writer) ? get_banded_ : get_plain_);
    bind_keys(row, keys);
    const auto n = static_cast<int>(keys.size());
    const bool waits = row.step() && row.text(n) == path && row.integer(n + 1) == band &&
                       row.integer(n + 2) == 0;
    if (!waits) return false;
  }
  put_metadata(*writer, keys, metadata);
  transaction.commit();
  return true;
}

// Writing the dataset has made its band 1; see band_table_sql().
void SqliteCatalog::put_band(SqliteConnection& db, const Record& record) const {
  if (!has_bands(db))
    for (const std::string& sql : band_table_sql(schema().keys)) db.run(sql);
  std::string marks;
  for (std::size_t i = 0; i < record.keys.size(); ++i) marks += "?, ";
  auto band = db.prepare("INSERT INTO terrazzo_bands VALUES (" + marks + "?)");
  bind_keys(band, record.keys);
  band.bind(std::int64_t{record.band}).step();
}

void SqliteCatalog::remove(const Keys& keys) {
  check_key_count(schema().keys, keys);
  check_writable();
  const SqlitePool::Writer writer{pool_};
  SqliteTransaction transaction{*writer};
  for (const std::string_view table : {"metadata", "datasets"}) {
    auto statement = writer->prepare(delete_sql(schema(), table));
    bind_keys(statement, keys);
    statement.step();
  }
  if (writer->changed_rows() == 0)
    throw failure(ErrorKind::not_found, "No dataset found");
  transaction.commit();
}

bool opens(std::string_view uri) {
  return uri.starts_with("sqlite:") || uri.find("://") == std::string_view::npos;
}

std::unique_ptr<Catalog> open(const std::string& uri, const OpenOptions& options) {
  return std::make_unique<SqliteCatalog>(sqlite_path(uri), options);
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

}  // namespace

extern const CatalogKind catalog_sqlite;
const CatalogKind catalog_sqlite{
    .name = "sqlite",
    .summary = "One file, made by terrazzo or by Terracotta 0.7 to 0.9.",
    .opens = opens,
    .open = open,
    .create = create,
    .replace = replace,
};

}  // namespace terrazzo::catalog
