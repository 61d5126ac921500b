#include "terrazzo/catalog/sqlite_query.hpp"

#include <limits>

#include "terrazzo/base/log.hpp"
#include "terrazzo/catalog/encoding.hpp"
#include "terrazzo/catalog/rules.hpp"
#include "terrazzo/catalog/words.hpp"

namespace terrazzo::catalog {
namespace {

// Conditions joined by AND, with what their parameters are.
class Where {
 public:
  void add(std::string condition, std::vector<SqlValue> values) {
    text_ += (text_.empty() ? " WHERE (" : " AND (") + std::move(condition) + ')';
    values_.insert(values_.end(), values.begin(), values.end());
  }
  SqlQuery after(std::string head) && {
    return {std::move(head) + text_, std::move(values_)};
  }

 private:
  std::string text_;
  std::vector<SqlValue> values_;
};

std::string select_datasets(std::string_view columns) {
  return fmt::format("SELECT {} FROM datasets d", columns);
}

// Many values travel as one JSON parameter, so the text is the same for any number.
void add_filter(Where& where, const std::string& key,
                const std::vector<std::string>& values) {
  const std::string column = "d." + sql_name(key);
  if (values.size() == 1) {
    where.add(column + " = ?", {values.front()});
  } else {
    const auto list = Json(values).dump(-1, ' ', false, Json::error_handler_t::replace);
    where.add(column + " IN (SELECT value FROM json_each(?))", {list});
  }
}

void add_words(Where& where, const SqliteSchema& schema, const std::string& text) {
  for (const std::string& word : folded_words(text)) {
    std::string any;
    for (const KeyName& key : schema.keys)
      any += fmt::format("{}terrazzo_has(d.{}, ?)", any.empty() ? "" : " OR ",
                         sql_name(key.name));
    where.add(any, std::vector<SqlValue>(schema.keys.size(), word));
  }
}

// Does the box of metadata row m meet that of the query? Either may cross the
// antimeridian (west > east).
void add_exact_bounds(Where& where, const SqliteSchema& schema, const Box& box) {
  const auto column = [](std::size_t i) {
    return fmt::format("m.{}", bounds_columns[i]);
  };
  const std::string west = column(0);
  const std::string east = column(2);
  const std::string meets_plain = box.west <= box.east
                                      ? fmt::format("{} <= ? AND {} >= ?", west, east)
                                      : fmt::format("{} <= ? OR {} >= ?", west, east);
  const std::string meets_crossing =
      box.west <= box.east ? fmt::format("{} <= ? OR {} >= ?", west, east) : "1";
  std::vector<SqlValue> values{box.north, box.south, box.east, box.west};
  if (box.west <= box.east) values.insert(values.end(), {box.east, box.west});
  where.add(
      fmt::format("EXISTS (SELECT 1 FROM metadata m WHERE {} AND {} <= ? AND {} >= ? "
                  "AND CASE WHEN {} <= {} THEN {} ELSE {} END)",
                  key_match(schema.keys, "m", "d"), column(1), column(3), west, east,
                  meets_plain, meets_crossing),
      std::move(values));
}

void add_bounds(Where& where, const SqliteSchema& schema, const Box& box) {
  if (schema.footprints) {
    const bool crosses = box.west > box.east;
    where.add(
        fmt::format(
            "({}) IN (SELECT {} FROM terrazzo_footprint_keys k WHERE k.terrazzo_id "
            "IN (SELECT terrazzo_id FROM terrazzo_footprints WHERE west <= ? AND "
            "east >= ? AND south <= ? AND north >= ?))",
            key_list(schema.keys, "d"), key_list(schema.keys, "k")),
        {crosses ? 1e9 : box.east, crosses ? -1e9 : box.west, box.north, box.south});
  }
  add_exact_bounds(where, schema, box);
}

Where where_of(const SqliteSchema& schema, const Query& query,
               std::string_view without_key = "") {
  Where where;
  for (const auto& [key, values] : query.where)
    if (key != without_key) add_filter(where, key, values);
  if (query.bounds) add_bounds(where, schema, *query.bounds);
  add_words(where, schema, query.text);
  return where;
}

std::int64_t saturated(std::uint64_t value) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return value > std::uint64_t{most} ? most : static_cast<std::int64_t>(value);
}

std::int64_t offset_of(const Query& query) {
  std::uint64_t product = 0;
  if (!query.limit) return 0;
  if (__builtin_mul_overflow(query.page, *query.limit, &product))
    return std::numeric_limits<std::int64_t>::max();
  return saturated(product);
}

// d is a subquery or table with keys and path.
std::string select_records(const SqliteSchema& schema, bool bands, bool with_metadata,
                           std::string_view from) {
  const auto& keys = schema.keys;
  std::string columns = key_list(keys, "d") + ", d." + schema.path_column;
  std::string joins;
  columns += bands ? ", coalesce(b.terrazzo_band, 1)" : ", 1";
  if (bands) joins += " LEFT JOIN terrazzo_bands b ON " + key_match(keys, "b", "d");
  if (with_metadata) {
    columns += ", m." + sql_name(keys.front().name) + " IS NOT NULL";
    for (const auto name : bounds_columns) columns += fmt::format(", m.{}", name);
    for (const auto name : value_columns) columns += fmt::format(", m.{}", name);
    joins += " LEFT JOIN metadata m ON " + key_match(keys, "m", "d");
  }
  return fmt::format("SELECT {} FROM {} d{}", columns, from, joins);
}

Metadata metadata_of(const SqliteStatement& row, int column) {
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

std::string order_of(const SqliteSchema& schema, const Query& query) {
  const std::string first = query.last_first.empty()
                                ? ""
                                : fmt::format("d.{} DESC, ", sql_name(query.last_first));
  return fmt::format(" ORDER BY {}{}", first, key_list(schema.keys, "d"));
}

std::string placeholders(std::size_t count) {
  std::string text = "?";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

}  // namespace

SqlQuery find_sql(const SqliteSchema& schema, bool bands, const Query& query) {
  const std::string order = order_of(schema, query);
  SqlQuery page = where_of(schema, query)
                      .after(select_datasets(key_list(schema.keys, "d") + ", d." +
                                             schema.path_column));
  page.text += order + " LIMIT ? OFFSET ?";
  page.values.emplace_back(query.limit ? saturated(*query.limit) : std::int64_t{-1});
  page.values.emplace_back(offset_of(query));
  page.text =
      select_records(schema, bands, query.with_metadata, '(' + page.text + ')') + order;
  return page;
}

SqlQuery count_sql(const SqliteSchema& schema, const Query& query) {
  return where_of(schema, query).after(select_datasets("count(*)"));
}

SqlQuery facet_sql(const SqliteSchema& schema, const Query& query, std::size_t key,
                   std::size_t most) {
  const std::string& name = schema.keys[key].name;
  SqlQuery facet = where_of(schema, query, name)
                       .after(select_datasets("d." + sql_name(name) + ", count(*) AS n"));
  facet.text += " GROUP BY 1 ORDER BY n DESC, 1 LIMIT ?";
  facet.values.emplace_back(saturated(most));
  return facet;
}

std::string get_sql(const SqliteSchema& schema, bool bands) {
  std::string text = select_records(schema, bands, true, "datasets") + " WHERE ";
  for (std::size_t i = 0; i < schema.keys.size(); ++i)
    text += (i == 0 ? "d." : " AND d.") + sql_name(schema.keys[i].name) + " = ?";
  return text;
}

Record record_of(const SqliteStatement& row, std::size_t keys, bool with_metadata,
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

std::string upsert_dataset_sql(const SqliteSchema& schema) {
  const std::string path = schema.path_column;
  return fmt::format(
      "INSERT INTO datasets ({0}, {1}) VALUES ({2}) ON CONFLICT ({0}) DO UPDATE SET {1} "
      "= "
      "excluded.{1}",
      key_list(schema.keys), path, placeholders(schema.keys.size() + 1));
}

std::string upsert_metadata_sql(const SqliteSchema& schema) {
  std::string columns;
  std::string updates;
  const auto add = [&](std::string_view name) {
    columns += fmt::format(", {}", name);
    updates += fmt::format("{}{} = excluded.{}", updates.empty() ? "" : ", ", name, name);
  };
  for (const auto name : bounds_columns) add(name);
  for (const auto name : value_columns) add(name);
  return fmt::format(
      "INSERT INTO metadata ({0}{1}) VALUES ({2}) ON CONFLICT ({0}) DO UPDATE SET {3}",
      key_list(schema.keys), columns,
      placeholders(schema.keys.size() + bounds_columns.size() + value_columns.size()),
      updates);
}

std::string delete_sql(const SqliteSchema& schema, std::string_view table) {
  std::string text = fmt::format("DELETE FROM {} WHERE ", table);
  for (std::size_t i = 0; i < schema.keys.size(); ++i)
    text += (i == 0 ? "" : " AND ") + sql_name(schema.keys[i].name) + " = ?";
  return text;
}

void bind_keys(SqliteStatement& statement, const Keys& keys) {
  for (const std::string& value : keys) statement.bind(value);
}

void bind_metadata(SqliteStatement& statement, const Metadata& metadata) {
  const Box& box = metadata.bounds;
  for (const double side : {box.west, box.south, box.east, box.north})
    statement.bind(side);
  statement.bind(geojson(metadata.convex_hull).dump());
  for (const double value : {metadata.valid_percentage, metadata.low, metadata.high,
                             metadata.mean, metadata.stdev})
    statement.bind(value);
  statement.bind_blob(percentiles_blob(metadata.percentiles));
  statement.bind(json_text(metadata.user));
}

void bind_values(SqliteStatement& statement, const SqlQuery& query) {
  for (const SqlValue& value : query.values)
    std::visit([&](const auto& v) { statement.bind(v); }, value);
}

}  // namespace terrazzo::catalog
