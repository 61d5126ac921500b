#include "terrazzo/catalog/sql_catalog.hpp"

#include <algorithm>

#include "terrazzo/catalog/rules.hpp"
#include "terrazzo/catalog/sql_query.hpp"
#include "terrazzo/catalog/sql_writes.hpp"
#include "terrazzo/catalog/words.hpp"

namespace terrazzo::catalog {
namespace {

constexpr std::uint64_t records_at_once = 1000;

class SqlCatalog final : public Catalog {
 public:
  explicit SqlCatalog(std::unique_ptr<SqlPool> pool) : pool_(std::move(pool)) {}

  const std::vector<KeyName>& key_names() const override { return schema().keys; }
  bool writable() const override { return pool_->writable(); }

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
  std::uint64_t change_counter() const override { return pool_->change_counter(); }

 private:
  const SqlSchema& schema() const { return pool_->schema(); }
  SqlBands bands(SqlConnection& db) const { return schema().dialect->bands(db); }
  Search search(SqlConnection& db, const Query& query) const;

  std::unique_ptr<SqlPool> pool_;
};

Search SqlCatalog::search(SqlConnection& db, const Query& query) const {
  if (!query.bounds || !schema().footprints) return Search::index;
  const auto row = db.select(is_crowded_sql(schema(), query));
  return row->next() && row->integer(0) == 1 ? Search::rows : Search::index;
}

std::vector<Record> SqlCatalog::find(const Query& query, const Context& context) const {
  check_filters(schema().keys, query);
  std::vector<Record> records;
  pool_->read(&context, [&](SqlConnection& db) {
    records.clear();
    const auto rows = db.select(find_sql(schema(), bands(db), query, search(db, query)));
    while (rows->next())
      records.push_back(record_of(*rows, schema().keys.size(), query.with_metadata,
                                  Damaged::leave_out));
  });
  return records;
}

std::uint64_t SqlCatalog::count(const Query& query, const Context& context) const {
  check_filters(schema().keys, query);
  std::uint64_t count = 0;
  pool_->read(&context, [&](SqlConnection& db) {
    const auto rows = db.select(count_sql(schema(), query, search(db, query)));
    rows->next();
    count = static_cast<std::uint64_t>(rows->integer(0));
  });
  return count;
}

std::map<std::string, std::vector<KeyCount>> SqlCatalog::facets(
    const Query& query, std::size_t most, const Context& context) const {
  check_filters(schema().keys, query);
  std::map<std::string, std::vector<KeyCount>> facets;
  pool_->read(&context, [&](SqlConnection& db) {
    facets.clear();
    const Search how = search(db, query);
    for (std::size_t i = 0; i < schema().keys.size(); ++i) {
      const auto rows = db.select(facet_sql(schema(), query, i, most, how));
      auto& counts = facets[schema().keys[i].name];
      while (rows->next())
        counts.push_back({rows->text(0), static_cast<std::uint64_t>(rows->integer(1))});
    }
  });
  return facets;
}

std::optional<Record> SqlCatalog::get(const Keys& keys) const {
  check_key_count(schema().keys, keys);
  std::optional<Record> record;
  if (!std::ranges::all_of(keys, is_text)) return record;  // nobody has such keys
  pool_->read(nullptr, [&](SqlConnection& db) {
    record.reset();
    const auto row = db.select(get_sql(schema(), bands(db), keys));
    if (row->next()) record = record_of(*row, keys.size(), true, Damaged::refuse);
  });
  return record;
}

void SqlCatalog::insert_all(const std::vector<Record>& records) {
  check_writable(*pool_);
  for (const Record& record : records) check_record(schema().keys, record);
  const std::vector<Entry> entries = last_of_each(records);
  pool_->write([&](SqlConnection& db) { put(db, schema(), entries); });
}

bool SqlCatalog::store_metadata(const Keys& keys, const std::string& path, int band,
                                const Metadata& metadata) {
  check_record(schema().keys, {keys, path, band, metadata});
  check_writable(*pool_);
  bool stored = false;
  pool_->write([&](SqlConnection& db) {
    stored = false;
    {
      const auto row = db.select(get_sql(schema(), bands(db), keys, Lock::row));
      const auto n = static_cast<int>(keys.size());
      const bool waits = row->next() && row->text(n) == path &&
                         row->integer(n + 1) == band && row->integer(n + 2) == 0;
      if (!waits) return;
    }
    put_metadata(db, schema(), keys, metadata);
    stored = true;
  });
  return stored;
}

void SqlCatalog::remove(const Keys& keys) {
  check_key_count(schema().keys, keys);
  check_writable(*pool_);
  bool removed = false;
  if (std::ranges::all_of(keys, is_text))
    pool_->write(
        [&](SqlConnection& db) { removed = catalog::remove(db, schema(), keys); });
  if (!removed) throw failure(ErrorKind::not_found, "No dataset found");
}

}  // namespace

void check_writable(const SqlPool& pool) {
  const int minor = pool.schema().minor;
  if (minor < 8)
    throw failure(ErrorKind::denied,
                  "this catalogue was made by Terracotta 0.{}; migrate it before writing",
                  minor);
  if (!pool.writable()) throw failure(ErrorKind::denied, "this catalogue is read-only");
}

void replace_records(SqlPool& pool, const std::string& from) {
  const SqlSchema& schema = pool.schema();
  const auto source = open_catalog(from, {.read_only = true});
  if (!std::ranges::equal(source->key_names(), schema.keys, {}, &KeyName::name,
                          &KeyName::name))
    throw failure(ErrorKind::unsupported,
                  "the database holds a catalogue of the keys {}, which cannot be "
                  "replaced by one of {}; drop its tables or use another database",
                  key_tuple(schema.keys), key_tuple(source->key_names()));
  check_writable(pool);
  pool.write([&](SqlConnection& db) {
    for (const char* table : {"metadata", "datasets"})
      db.run(fmt::format("DELETE FROM {}", table));
    Query page{.limit = records_at_once, .with_metadata = true};
    for (;; ++page.page) {
      const auto records = source->find(page);
      if (records.empty()) return;
      put(db, schema, last_of_each(records));
    }
  });
}

std::unique_ptr<Catalog> sql_catalog(std::unique_ptr<SqlPool> pool) {
  return std::make_unique<SqlCatalog>(std::move(pool));
}

}  // namespace terrazzo::catalog
