#include "terrazzo/catalog/sqlite_schema.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace terrazzo::catalog {
namespace {

constexpr int our_version = 1;  // of the terrazzo_… tables

using Columns = std::set<std::string>;

Columns columns_of(SqliteConnection& db, std::string_view table) {
  auto rows = db.prepare("SELECT name FROM pragma_table_info(?)");
  rows.bind(table);
  Columns columns;
  while (rows.step()) columns.insert(rows.text(0));
  return columns;
}

void need_table(SqliteConnection& db, std::string_view table, std::string_view label) {
  if (!db.has_table(table))
    throw failure(ErrorKind::corrupt_data,
                  "'{}' is not a catalogue: it has no table '{}'", label, table);
}

void need_columns(SqliteConnection& db, std::string_view table, const Columns& needed,
                  std::string_view label) {
  need_table(db, table, label);
  const Columns found = columns_of(db, table);
  for (const std::string& name : needed)
    if (!found.contains(name))
      throw failure(ErrorKind::corrupt_data,
                    "'{}' is half a catalogue: table '{}' has no column '{}'", label,
                    table, name);
}

// The second number of "0.9.1" or "v0.9.1".
int terracotta_minor(SqliteConnection& db, std::string_view label) {
  need_columns(db, "terracotta", {"version"}, label);
  auto row = db.prepare("SELECT version FROM terracotta");
  const std::string version = row.step() ? row.text(0) : std::string{};
  const char* at = version.data() + (version.starts_with('v') ? 1 : 0);
  const char* end = version.data() + version.size();
  int major = 0;
  int minor = 0;
  auto read = std::from_chars(at, end, major);
  if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '.')
    read = std::from_chars(read.ptr + 1, end, minor);
  else
    read.ec = std::errc::invalid_argument;
  if (read.ec != std::errc{})
    throw failure(ErrorKind::corrupt_data,
                  "'{}' is not a catalogue: '{}' is not a version", label, version);
  if (major == 0 && minor < 7)
    throw failure(ErrorKind::unsupported,
                  "'{}' was made by Terracotta {}; terrazzo reads 0.7 to 0.9", label,
                  version);
  if (major > 0 || minor > 9)
    throw failure(ErrorKind::unsupported,
                  "'{}' was made by Terracotta {}, which is newer than 0.9", label,
                  version);
  return minor;
}

void check_our_version(SqliteConnection& db, std::string_view label) {
  if (!db.has_table("terrazzo")) return;
  auto row = db.prepare("SELECT version FROM terrazzo");
  if (row.step() && row.integer(0) > our_version)
    throw failure(ErrorKind::unsupported,
                  "'{}' was made by a newer terrazzo (its tables have version {}, this "
                  "one knows {})",
                  label, row.integer(0), our_version);
}

std::vector<KeyName> keys_of(SqliteConnection& db, int minor, std::string_view label) {
  const bool old = minor < 8;
  need_columns(
      db, old ? "keys" : "key_names",
      old ? Columns{"key", "description"} : Columns{"key_name", "description", "idx"},
      label);
  auto rows = db.prepare(
      old ? "SELECT \"key\", description FROM \"keys\" ORDER BY rowid"
          : "SELECT key_name, description FROM key_names ORDER BY idx, key_name");
  std::vector<KeyName> keys;
  while (rows.step()) keys.push_back({rows.text(0), rows.text(1)});
  if (keys.empty())
    throw failure(ErrorKind::corrupt_data, "'{}' is half a catalogue: it has no keys",
                  label);
  return keys;
}

// "a" VARCHAR(256) NOT NULL, … PRIMARY KEY ("a", …)
std::string key_columns(const std::vector<KeyName>& keys) {
  std::string sql;
  for (const KeyName& key : keys) sql += sql_name(key.name) + " VARCHAR(256) NOT NULL, ";
  return sql;
}

std::string trigger(std::string_view name, std::string_view event,
                    std::string_view body) {
  return fmt::format("CREATE TRIGGER IF NOT EXISTS {} AFTER {} BEGIN {} END", name, event,
                     body);
}

std::string text_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted.append(c == '\'' ? 2 : 1, c);
  return quoted + '\'';
}

// Terracotta replaces rows by any of INSERT OR REPLACE, DELETE and UPDATE.
std::vector<std::string> footprint_sql(const std::vector<KeyName>& keys) {
  const std::string list = key_list(keys);
  const auto id_of = [&](std::string_view row) {
    return fmt::format("(SELECT k.terrazzo_id FROM terrazzo_footprint_keys k WHERE {})",
                       key_match(keys, "k", row));
  };
  const auto forget = fmt::format(
      "DELETE FROM terrazzo_footprints WHERE terrazzo_id = {}; ", id_of("OLD"));
  // A box across the antimeridian spans every longitude here; find() looks again.
  const auto remember = fmt::format(
      "DELETE FROM terrazzo_footprints WHERE terrazzo_id = {0}; "
      "INSERT INTO terrazzo_footprint_keys ({1}) SELECT {2} WHERE {0} IS NULL; "
      "INSERT INTO terrazzo_footprints SELECT {0}, "
      "iif(NEW.{3} <= NEW.{5}, NEW.{3}, -180), iif(NEW.{3} <= NEW.{5}, NEW.{5}, 180), "
      "min(NEW.{4}, NEW.{6}), max(NEW.{4}, NEW.{6}) "
      "WHERE NEW.{3} + NEW.{4} + NEW.{5} + NEW.{6} IS NOT NULL;",
      id_of("NEW"), list, key_list(keys, "NEW"), bounds_columns[0], bounds_columns[1],
      bounds_columns[2], bounds_columns[3]);
  return {
      "CREATE TABLE terrazzo_footprint_keys (terrazzo_id INTEGER PRIMARY KEY, " +
          key_columns(keys) + "UNIQUE (" + list + "))",
      "CREATE VIRTUAL TABLE terrazzo_footprints USING "
      "rtree(terrazzo_id, west, east, south, north)",
      trigger("terrazzo_footprints_insert", "INSERT ON metadata", remember),
      trigger("terrazzo_footprints_update", "UPDATE ON metadata", remember),
      trigger("terrazzo_footprints_delete", "DELETE ON metadata",
              forget + fmt::format("DELETE FROM terrazzo_footprint_keys WHERE {};",
                                   key_match(keys, "terrazzo_footprint_keys", "OLD"))),
  };
}

}  // namespace

bool SqliteSchema::fits(const SqliteSchema& that) const {
  return path_column == that.path_column && (!footprints || that.footprints) &&
         std::ranges::equal(keys, that.keys, {}, &KeyName::name, &KeyName::name);
}

SqliteSchema read_schema(SqliteConnection& db, std::string_view label) {
  need_table(db, "terracotta", label);
  SqliteSchema schema;
  schema.minor = terracotta_minor(db, label);
  check_our_version(db, label);
  schema.keys = keys_of(db, schema.minor, label);
  schema.path_column = schema.minor < 8 ? "filepath" : "path";
  Columns needed{schema.path_column};
  for (const KeyName& key : schema.keys) needed.insert(key.name);
  need_columns(db, "datasets", needed, label);
  needed.erase(schema.path_column);
  needed.insert(bounds_columns.begin(), bounds_columns.end());
  needed.insert(value_columns.begin(), value_columns.end());
  need_columns(db, "metadata", needed, label);
  schema.footprints =
      db.has_table("terrazzo_footprints") && db.has_table("terrazzo_footprint_keys");
  return schema;
}

std::vector<std::string> schema_sql(const std::vector<KeyName>& keys) {
  const std::string columns = key_columns(keys);
  const std::string primary = "PRIMARY KEY (" + key_list(keys) + ")";
  std::string metadata = "CREATE TABLE metadata (" + columns;
  for (const std::string_view name : bounds_columns)
    metadata += std::string{name} + " FLOAT, ";
  metadata +=
      "convex_hull TEXT, valid_percentage FLOAT, min FLOAT, max FLOAT, mean FLOAT, "
      "stdev FLOAT, percentiles BLOB, metadata TEXT, ";
  std::vector<std::string> statements{
      "CREATE TABLE terracotta (version VARCHAR(255) NOT NULL, PRIMARY KEY (version))",
      "CREATE TABLE key_names (key_name VARCHAR(256) NOT NULL, "
      "description VARCHAR(8000), idx INTEGER, PRIMARY KEY (key_name), UNIQUE (idx))",
      "CREATE TABLE datasets (" + columns + "path VARCHAR(8000), " + primary + ")",
      metadata + primary + ")",
      "CREATE TABLE terrazzo (version INTEGER NOT NULL)",
      fmt::format("INSERT INTO terracotta VALUES ('{}')", terracotta_version),
      fmt::format("INSERT INTO terrazzo VALUES ({})", our_version),
  };
  for (std::size_t i = 0; i < keys.size(); ++i)
    statements.push_back(fmt::format("INSERT INTO key_names VALUES ({}, {}, {})",
                                     text_literal(keys[i].name),
                                     text_literal(keys[i].description), i));
  for (auto&& part : {band_table_sql(keys), footprint_sql(keys)})
    statements.insert(statements.end(), part.begin(), part.end());
  return statements;
}

std::vector<std::string> band_table_sql(const std::vector<KeyName>& keys) {
  const auto forget = [&](std::string_view row) {
    return fmt::format("DELETE FROM terrazzo_bands WHERE {};",
                       key_match(keys, "terrazzo_bands", row));
  };
  // Whoever rewrites a dataset without knowing of bands means band 1.
  return {
      "CREATE TABLE IF NOT EXISTS terrazzo_bands (" + key_columns(keys) +
          "terrazzo_band INTEGER NOT NULL, PRIMARY KEY (" + key_list(keys) +
          ")) WITHOUT ROWID",
      trigger("terrazzo_bands_insert", "INSERT ON datasets", forget("NEW")),
      trigger("terrazzo_bands_update", "UPDATE ON datasets", forget("NEW")),
      trigger("terrazzo_bands_delete", "DELETE ON datasets", forget("OLD")),
  };
}

std::string key_list(const std::vector<KeyName>& keys, std::string_view table) {
  std::string sql;
  for (const KeyName& key : keys) {
    if (!sql.empty()) sql += ", ";
    if (!table.empty()) sql.append(table) += '.';
    sql += sql_name(key.name);
  }
  return sql;
}

std::string key_match(const std::vector<KeyName>& keys, std::string_view left,
                      std::string_view right) {
  std::string sql;
  for (const KeyName& key : keys) {
    const std::string name = sql_name(key.name);
    if (!sql.empty()) sql += " AND ";
    sql += fmt::format("{}.{} = {}.{}", left, name, right, name);
  }
  return sql;
}

}  // namespace terrazzo::catalog
