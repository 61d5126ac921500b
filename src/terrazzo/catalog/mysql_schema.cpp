#include "terrazzo/catalog/mysql_schema.hpp"

#include <algorithm>

namespace terrazzo::catalog {
namespace {

constexpr std::size_t most_index_bytes = 3072;  // of a key of InnoDB
constexpr int slots = 64;

constexpr std::string_view count =
    "UPDATE terrazzo_changes SET number = number + 1 WHERE slot = connection_id() % 64";

// From corner to corner, over all longitudes if the box crosses the antimeridian, as if
// it had none where it is not known.
std::string footprint() {
  return fmt::format(
      "LineString(Point(coalesce(if({0} <= {2}, {0}, -180), 0), coalesce({1}, 0)), "
      "Point(coalesce(if({0} <= {2}, {2}, 180), 0), coalesce({3}, 0)))",
      bounds_columns[0], bounds_columns[1], bounds_columns[2], bounds_columns[3]);
}

std::string slots_sql() {
  // Another start than that of a catalogue which was here before.
  std::string sql =
      "INSERT IGNORE INTO terrazzo_changes VALUES (0, unix_timestamp() * 1000)";
  for (int slot = 1; slot < slots; ++slot) sql += fmt::format(", ({}, 0)", slot);
  return sql;
}

std::string trigger_sql(std::string_view table, std::string_view event) {
  return fmt::format(
      "CREATE TRIGGER IF NOT EXISTS terrazzo_{0}_{1} AFTER {1} ON {0} FOR EACH ROW BEGIN "
      "IF @terrazzo_counts IS NULL THEN {2}; END IF; END",
      table, event, count);
}

// Of metadata `m`: does its box meet the one of these corners?
constexpr std::string_view near =
    "MBRIntersects(m.terrazzo_footprint, LineString(Point(?, ?), Point(?, ?)))";

std::vector<SqlValue> corners_of(const Box& box) {
  const bool crosses = box.west > box.east;
  return {crosses ? -1e9 : box.west, box.south, crosses ? 1e9 : box.east, box.north};
}

}  // namespace

std::vector<std::string> mysql_tables_sql(const std::vector<KeyName>& keys,
                                          std::string_view collation) {
  const auto characters = most_index_bytes / 4 / std::max<std::size_t>(keys.size(), 1);
  return tables_sql(
      keys, {.key = fmt::format("VARCHAR({})", characters),
             .number = "DOUBLE",
             .text = "LONGTEXT",
             .bytes = "LONGBLOB",
             .of_tables = fmt::format(" ENGINE InnoDB CHARACTER SET utf8mb4 COLLATE {}",
                                      collation)});
}

std::vector<std::string> mysql_additions_sql(SqlConnection& db) {
  std::vector<std::string> sql;
  if (!db.columns_of("datasets").contains("terrazzo_band"))
    sql.emplace_back(
        "ALTER TABLE datasets ADD COLUMN terrazzo_band INTEGER NOT NULL DEFAULT 1");
  if (!db.columns_of("metadata").contains("terrazzo_footprint"))
    sql.push_back(
        "ALTER TABLE metadata ADD COLUMN terrazzo_footprint GEOMETRY NOT NULL DEFAULT (" +
        footprint() + "), ADD SPATIAL INDEX terrazzo_footprints (terrazzo_footprint)");
  if (!db.columns_of("terrazzo_changes").empty()) return sql;
  for (const char* table : {"datasets", "metadata"})
    for (const char* event : {"insert", "update", "delete"})
      sql.push_back(trigger_sql(table, event));
  sql.emplace_back(
      "CREATE TABLE terrazzo_changes (slot INTEGER PRIMARY KEY, number BIGINT NOT NULL)");
  sql.push_back(slots_sql());
  return sql;
}

std::string mysql_count_sql() { return std::string{count}; }

std::string MysqlDialect::has_word(const std::string& column) const {
  return fmt::format(
      "locate(?, convert(lower({}) USING utf8mb4) COLLATE utf8mb4_bin) > 0", column);
}

void MysqlDialect::add_near(SqlConditions& /*of_dataset*/, SqlConditions& of_metadata,
                            const SqlSchema& /*schema*/, const Box& box) const {
  of_metadata.add(std::string{near}, corners_of(box));
}

SqlQuery MysqlDialect::near_rows(const Box& box) const {
  return {fmt::format("metadata m WHERE {}", near), corners_of(box)};
}

SqlBatch MysqlDialect::upsert(std::string_view table, const SqlSchema& schema,
                              const std::vector<std::string>& columns) const {
  SqlBatch batch{.head = fmt::format("REPLACE INTO {} ({}", table, key_list(schema.keys)),
                 .row = "(" + placeholders(schema.keys.size() + columns.size()) + ")",
                 .between = ", "};
  for (const std::string& column : columns) batch.head += ", " + column;
  batch.head += ") VALUES ";
  return batch;
}

SqlBatch MysqlDialect::claim(const SqlSchema& schema) const {
  return {.head = fmt::format("INSERT INTO datasets ({}, path) VALUES ",
                              key_list(schema.keys)),
          .row = "(" + placeholders(schema.keys.size() + 1) + ")",
          .between = ", ",
          .tail = " ON DUPLICATE KEY UPDATE path = datasets.path"};
}

}  // namespace terrazzo::catalog
