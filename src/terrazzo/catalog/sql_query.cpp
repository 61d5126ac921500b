#include "terrazzo/catalog/sql_query.hpp"

#include <limits>

#include "terrazzo/base/log.hpp"
#include "terrazzo/catalog/encoding.hpp"
#include "terrazzo/catalog/rules.hpp"
#include "terrazzo/catalog/words.hpp"

namespace terrazzo::catalog {
namespace {

constexpr const char* nothing = "1 = 0";
constexpr std::int64_t crowd = 3000;

// What no record can hold is not asked for: databases refuse it.
void add_filter(SqlConditions& where, const SqlSchema& schema, const std::string& key,
                std::vector<std::string> values) {
  std::erase_if(values, [](const std::string& value) { return !is_text(value); });
  const std::string column = "d." + sql_name(key);
  if (values.empty()) {
    where.add(nothing);
  } else if (values.size() == 1) {
    where.add(column + " = ?", {values.front()});
  } else {
    const SqlQuery any = schema.dialect->is_any(column, values);
    where.add(any.text, any.values);
  }
}

void add_words(SqlConditions& where, const SqlSchema& schema, const std::string& text) {
  for (const std::string& word : folded_words(text)) {
    std::string any;
    for (const KeyName& key : schema.keys)
      any += (any.empty() ? "" : " OR ") +
             schema.dialect->has_word("d." + sql_name(key.name));
    if (is_text(word))
      where.add(any, std::vector<SqlValue>(schema.keys.size(), word));
    else
      where.add(nothing);
  }
}

// Does the box of metadata row m meet that of the query? Either may cross the
// antimeridian (west > east).
void add_exact_bounds(SqlConditions& where, const Box& box) {
  const auto column = [](std::size_t i) {
    return fmt::format("m.{}", bounds_columns[i]);
  };
  const std::string west = column(0);
  const std::string east = column(2);
  where.add(fmt::format("{} <= ? AND {} >= ?", column(1), column(3)),
            {box.north, box.south});
  const std::string either = fmt::format("{} <= ? OR {} >= ?", west, east);
  if (box.west <= box.east)
    where.add(fmt::format("CASE WHEN {0} <= {1} THEN {0} <= ? AND {1} >= ? ELSE {2} END",
                          west, east, either),
              {box.east, box.west, box.east, box.west});
  else
    where.add(fmt::format("CASE WHEN {0} <= {1} THEN {2} ELSE {0} IS NOT NULL END", west,
                          east, either),
              {box.east, box.west});
}

void add_bounds(SqlConditions& datasets, const SqlSchema& schema, const Box& box,
                Search search) {
  SqlConditions metadata;
  metadata.add(key_match(schema.keys, "m", "d"));
  if (schema.footprints && search == Search::index)
    schema.dialect->add_near(datasets, metadata, schema, box);
  add_exact_bounds(metadata, box);
  datasets.add(fmt::format("EXISTS (SELECT 1 FROM metadata m WHERE {})", metadata.text()),
               metadata.values());
}

// SELECT … FROM datasets d WHERE what the query asks for.
SqlQuery selected(const std::string& columns, const SqlSchema& schema, const Query& query,
                  Search search, std::string_view without_key = "") {
  SqlConditions where;
  for (const auto& [key, values] : query.where)
    if (key != without_key) add_filter(where, schema, key, values);
  if (query.bounds) add_bounds(where, schema, *query.bounds, search);
  add_words(where, schema, query.text);
  std::string text = "SELECT " + columns + " FROM datasets d";
  if (!where.text().empty()) text += " WHERE " + where.text();
  return {std::move(text), where.values()};
}

constexpr auto unlimited = std::numeric_limits<std::int64_t>::max();

std::int64_t saturated(std::uint64_t value) {
  return value > std::uint64_t{unlimited} ? unlimited : static_cast<std::int64_t>(value);
}

std::int64_t offset_of(const Query& query) {
  std::uint64_t product = 0;
  if (!query.limit) return 0;
  if (__builtin_mul_overflow(query.page, *query.limit, &product)) return unlimited;
  return saturated(product);
}

std::string dataset_columns(const SqlSchema& schema, SqlBands bands) {
  return key_list(schema.keys, "d") + ", d." + schema.path_column +
         (bands == SqlBands::column ? ", d.terrazzo_band" : "");
}

// d is a subquery or table with dataset_columns().
std::string select_records(const SqlSchema& schema, SqlBands bands, bool with_metadata,
                           std::string_view from) {
  const auto& keys = schema.keys;
  const BandColumn band = band_column(schema, bands);
  std::string columns = fmt::format("{}, d.{}, {}", key_list(keys, "d"),
                                    schema.path_column, band.expression);
  std::string joins = band.join;
  if (with_metadata) {
    columns += fmt::format(", CASE WHEN m.{} IS NULL THEN 0 ELSE 1 END",
                           sql_name(keys.front().name));
    for (const auto name : bounds_columns) columns += fmt::format(", m.{}", name);
    for (const auto name : value_columns) columns += fmt::format(", m.{}", name);
    joins += " LEFT JOIN metadata m ON " + key_match(keys, "m", "d");
  }
  return fmt::format("SELECT {} FROM {} d{}", columns, from, joins);
}

Metadata metadata_of(const SqlRows& row, int column) {
  Metadata metadata;
  metadata.bounds = {row.number(column), row.number(column + 1), row.number(column + 2),
                     row.number(column + 3)};
  column += 4;
  metadata.convex_hull = polygon_of(row.text(column));
  metadata.valid_percentage = row.number(column + 1);
  metadata.low = row.number(column + 2);
  metadata.high = row.number(column + 3);
  metadata.mean = row.number(column + 4);
  metadata.stdev = row.number(column + 5);
  metadata.percentiles = percentiles_of(row.text(column + 6));
  metadata.user = json_of(row.text(column + 7));
  return metadata;
}

std::string order_of(const SqlSchema& schema, const Query& query) {
  const auto sorted = [&](const std::string& name) {
    return schema.dialect->sorted("d." + sql_name(name));
  };
  std::string order;
  if (!query.last_first.empty()) order = sorted(query.last_first) + " DESC, ";
  for (const KeyName& key : schema.keys)
    order += sorted(key.name) + (&key == &schema.keys.back() ? "" : ", ");
  return " ORDER BY " + order;
}

}  // namespace

BandColumn band_column(const SqlSchema& schema, SqlBands bands) {
  switch (bands) {
    case SqlBands::table:
      return {"coalesce(b.terrazzo_band, 1)",
              " LEFT JOIN terrazzo_bands b ON " + key_match(schema.keys, "b", "d")};
    case SqlBands::column:
      return {"d.terrazzo_band", ""};
    case SqlBands::none:
      break;
  }
  return {"1", ""};
}

std::vector<SqlValue> values_of(const Keys& keys) { return {keys.begin(), keys.end()}; }

SqlQuery is_crowded_sql(const SqlSchema& schema, const Query& query) {
  SqlQuery rows = schema.dialect->near_rows(*query.bounds);
  rows.text = fmt::format(
      "SELECT CASE WHEN count(*) < {0} THEN 0 ELSE 1 END FROM (SELECT "
      "1 FROM {1} LIMIT {0}) c",
      crowd, rows.text);
  return rows;
}

SqlQuery find_sql(const SqlSchema& schema, SqlBands bands, const Query& query,
                  Search search) {
  const std::string order = order_of(schema, query);
  SqlQuery page = selected(dataset_columns(schema, bands), schema, query, search);
  page.text += order + " LIMIT ? OFFSET ?";
  page.values.emplace_back(query.limit ? saturated(*query.limit) : unlimited);
  page.values.emplace_back(offset_of(query));
  page.text =
      select_records(schema, bands, query.with_metadata, '(' + page.text + ')') + order;
  return page;
}

SqlQuery count_sql(const SqlSchema& schema, const Query& query, Search search) {
  return selected("count(*)", schema, query, search);
}

SqlQuery facet_sql(const SqlSchema& schema, const Query& query, std::size_t key,
                   std::size_t most, Search search) {
  const std::string& name = schema.keys[key].name;
  const std::string value = schema.dialect->sorted("d." + sql_name(name));
  SqlQuery facet = selected(value + ", count(*) AS n", schema, query, search, name);
  facet.text += fmt::format(" GROUP BY {0} ORDER BY n DESC, {0} LIMIT ?", value);
  facet.values.emplace_back(saturated(most));
  return facet;
}

SqlQuery get_sql(const SqlSchema& schema, SqlBands bands, const Keys& keys, Lock lock) {
  SqlQuery query{select_records(schema, bands, true, "datasets") + " WHERE " +
                     key_filter(schema.keys, "d"),
                 values_of(keys)};
  if (lock == Lock::row) query.text += schema.dialect->locked();
  return query;
}

Record record_of(const SqlRows& row, std::size_t keys, bool with_metadata,
                 Damaged damaged) {
  Record record;
  int column = 0;
  for (std::size_t i = 0; i < keys; ++i) record.keys.push_back(row.text(column++));
  record.path = row.text(column++);
  record.band = static_cast<int>(row.integer(column++));
  if (!with_metadata || row.integer(column++) == 0) return record;
  try {
    record.metadata = metadata_of(row, column);
  } catch (Error& error) {
    error.note("reading the metadata of {}", value_tuple(record.keys));
    if (damaged == Damaged::refuse) throw;
    log::warning("a dataset is listed without its metadata",
                 {{"keys", record.keys}, {"reason", error.what()}});
  }
  return record;
}

}  // namespace terrazzo::catalog
