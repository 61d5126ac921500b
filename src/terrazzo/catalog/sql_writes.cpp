#include "terrazzo/catalog/sql_writes.hpp"

#include <algorithm>
#include <optional>

#include "terrazzo/catalog/encoding.hpp"
#include "terrazzo/catalog/sql_query.hpp"

namespace terrazzo::catalog {
namespace {

using Values = std::vector<SqlValue>;

// Records that are in memory as SQL at a time; each may have a long outline.
constexpr std::size_t portion = 1000;

Values with_path(const Entry& entry) {
  Values values = values_of(*entry.keys);
  values.emplace_back(*entry.path);
  return values;
}

Values with_path_and_band(const Entry& entry) {
  Values values = with_path(entry);
  values.emplace_back(std::int64_t{entry.band});
  return values;
}

Values with_metadata(const Keys& keys, const Metadata& metadata) {
  Values values = values_of(keys);
  const Box& box = metadata.bounds;
  for (const double side : {box.west, box.south, box.east, box.north})
    values.emplace_back(side);
  values.emplace_back(geojson(metadata.convex_hull).dump());
  for (const double value : {metadata.valid_percentage, metadata.low, metadata.high,
                             metadata.mean, metadata.stdev})
    values.emplace_back(value);
  values.emplace_back(SqlBytes{percentiles_blob(metadata.percentiles)});
  values.emplace_back(json_text(metadata.user));
  return values;
}

// Without metadata: what is stored stays if it is of the same path and band.
void forget_stale(SqlConnection& db, const SqlSchema& schema, SqlBands bands,
                  std::span<const Entry> entries) {
  SqlBatch claim = schema.dialect->claim(schema);
  const BandColumn band = band_column(schema, bands);
  SqlBatch forget{
      .head = "DELETE FROM metadata WHERE ",
      .row = fmt::format("({} AND NOT EXISTS (SELECT 1 FROM datasets d{} WHERE {} AND "
                         "d.{} = ? AND {} = ?))",
                         key_filter(schema.keys, "metadata"), band.join,
                         key_match(schema.keys, "d", "metadata"), schema.path_column,
                         band.expression),
      .between = " OR "};
  for (const Entry& entry : entries)
    if (entry.metadata == nullptr) forget.rows.push_back(with_path_and_band(entry));
  if (forget.rows.empty()) return;
  // All of them, in the order in which everybody takes them.
  if (!claim.head.empty())
    for (const Entry& entry : entries) claim.rows.push_back(with_path(entry));
  db.change(claim);
  db.change(forget);
}

SqlBatch metadata_batch(const SqlSchema& schema) {
  std::vector<std::string> columns{bounds_columns.begin(), bounds_columns.end()};
  columns.insert(columns.end(), value_columns.begin(), value_columns.end());
  return schema.dialect->upsert("metadata", schema, columns);
}

// Writing the datasets has made their bands 1; see band_table_sql().
void put_bands(SqlConnection& db, const SqlSchema& schema,
               std::span<const Entry> entries) {
  SqlBatch batch{.head = "INSERT INTO terrazzo_bands VALUES ",
                 .row = "(" + placeholders(schema.keys.size() + 1) + ")",
                 .between = ", "};
  for (const Entry& entry : entries) {
    if (entry.band == 1) continue;
    batch.rows.push_back(values_of(*entry.keys));
    batch.rows.back().emplace_back(std::int64_t{entry.band});
  }
  db.change(batch);
}

void put_portion(SqlConnection& db, const SqlSchema& schema, SqlBands bands,
                 std::span<const Entry> entries) {
  forget_stale(db, schema, bands, entries);
  const bool column = bands == SqlBands::column;
  SqlBatch datasets = schema.dialect->upsert(
      "datasets", schema,
      column ? std::vector<std::string>{schema.path_column, "terrazzo_band"}
             : std::vector<std::string>{schema.path_column});
  SqlBatch metadata = metadata_batch(schema);
  for (const Entry& entry : entries) {
    datasets.rows.push_back(column ? with_path_and_band(entry) : with_path(entry));
    if (entry.metadata != nullptr)
      metadata.rows.push_back(with_metadata(*entry.keys, *entry.metadata));
  }
  db.change(datasets);
  if (bands == SqlBands::table) put_bands(db, schema, entries);
  db.change(metadata);
}

}  // namespace

std::vector<Entry> last_of_each(std::span<const Record> records) {
  std::vector<Entry> sorted;
  sorted.reserve(records.size());
  for (const Record& record : records)
    sorted.push_back({&record.keys, &record.path, record.band,
                      record.metadata ? &*record.metadata : nullptr});
  std::ranges::stable_sort(sorted, {},
                           [](const Entry& e) -> const Keys& { return *e.keys; });
  std::vector<Entry> last;
  for (const Entry& entry : sorted) {
    if (last.empty() || *last.back().keys != *entry.keys) {
      last.push_back(entry);
      continue;
    }
    Entry& before = last.back();
    const bool same = *before.path == *entry.path && before.band == entry.band;
    const Metadata* kept = same ? before.metadata : nullptr;
    before = entry;
    if (before.metadata == nullptr) before.metadata = kept;
  }
  return last;
}

void put(SqlConnection& db, const SqlSchema& schema, std::span<const Entry> entries) {
  SqlBands bands = schema.dialect->bands(db);
  const bool banded =
      std::ranges::any_of(entries, [](const Entry& e) { return e.band != 1; });
  if (banded && bands == SqlBands::none) {
    schema.dialect->add_bands(db, schema);
    bands = schema.dialect->bands(db);
  }
  for (std::size_t at = 0; at < entries.size(); at += portion)
    put_portion(db, schema, bands,
                entries.subspan(at, std::min(portion, entries.size() - at)));
}

void put_metadata(SqlConnection& db, const SqlSchema& schema, const Keys& keys,
                  const Metadata& metadata) {
  SqlBatch batch = metadata_batch(schema);
  batch.rows.push_back(with_metadata(keys, metadata));
  db.change(batch);
}

bool remove(SqlConnection& db, const SqlSchema& schema, const Keys& keys) {
  std::int64_t removed = 0;
  for (const std::string_view table : {"metadata", "datasets"})
    removed = db.change({.head = fmt::format("DELETE FROM {} WHERE ", table),
                         .row = "(" + key_filter(schema.keys) + ")",
                         .between = " OR ",
                         .rows = {values_of(keys)}});
  return removed > 0;
}

}  // namespace terrazzo::catalog
