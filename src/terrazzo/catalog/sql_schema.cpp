#include "terrazzo/catalog/sql_schema.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace terrazzo::catalog {
namespace {

constexpr int our_version = 1;  // of the terrazzo_… tables

using Columns = std::set<std::string>;

void need_columns(SqlConnection& db, std::string_view table, const Columns& needed,
                  std::string_view label) {
  const Columns found = db.columns_of(table);
  if (found.empty())
    throw failure(ErrorKind::corrupt_data,
                  "'{}' is not a catalogue: it has no table '{}'", label, table);
  for (const std::string& name : needed)
    if (!found.contains(name))
      throw failure(ErrorKind::corrupt_data,
                    "'{}' is half a catalogue: table '{}' has no column '{}'", label,
                    table, name);
}

std::string first_text(SqlConnection& db, const std::string& sql) {
  const auto row = db.select({sql});
  return row->next() ? row->text(0) : std::string{};
}

// The second number of "0.9.1" or "v0.9.1".
int terracotta_minor(SqlConnection& db, const SqlDialect& dialect,
                     std::string_view label) {
  need_columns(db, "terracotta", {"version"}, label);
  const std::string version = first_text(db, "SELECT version FROM terracotta");
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
  if (major == 0 && minor < dialect.oldest_minor())
    throw failure(ErrorKind::unsupported,
                  "'{}' was made by Terracotta {}; terrazzo reads 0.{} to 0.9", label,
                  version, dialect.oldest_minor());
  if (major > 0 || minor > 9)
    throw failure(ErrorKind::unsupported,
                  "'{}' was made by Terracotta {}, which is newer than 0.9", label,
                  version);
  return minor;
}

void check_our_version(SqlConnection& db, std::string_view label) {
  if (db.columns_of("terrazzo").empty()) return;
  const auto row = db.select({"SELECT version FROM terrazzo"});
  if (row->next() && row->integer(0) > our_version)
    throw failure(ErrorKind::unsupported,
                  "'{}' was made by a newer terrazzo (its tables have version {}, this "
                  "one knows {})",
                  label, row->integer(0), our_version);
}

std::vector<KeyName> keys_of(SqlConnection& db, int minor, std::string_view label) {
  const bool old = minor < 8;
  need_columns(
      db, old ? "keys" : "key_names",
      old ? Columns{"key", "description"} : Columns{"key_name", "description", "idx"},
      label);
  const auto rows = db.select(
      {old ? "SELECT \"key\", description FROM \"keys\" ORDER BY rowid"
           : "SELECT key_name, description FROM key_names ORDER BY idx, key_name"});
  std::vector<KeyName> keys;
  while (rows->next()) keys.push_back({rows->text(0), rows->text(1)});
  if (keys.empty())
    throw failure(ErrorKind::corrupt_data, "'{}' is half a catalogue: it has no keys",
                  label);
  return keys;
}

// What `part` makes of each key's name, with `between` between them.
template <class Part>
std::string of_each(const std::vector<KeyName>& keys, std::string_view between,
                    const Part& part) {
  std::string sql;
  for (const KeyName& key : keys) {
    if (!sql.empty()) sql += between;
    sql += part(sql_name(key.name));
  }
  return sql;
}

std::string dotted(std::string_view table) {
  return table.empty() ? std::string{} : fmt::format("{}.", table);
}

}  // namespace

bool SqlSchema::fits(const SqlSchema& that) const {
  return path_column == that.path_column && (!footprints || that.footprints) &&
         std::ranges::equal(keys, that.keys, {}, &KeyName::name, &KeyName::name);
}

SqlSchema read_schema(SqlConnection& db, const SqlDialect& dialect,
                      std::string_view label) {
  SqlSchema schema;
  schema.dialect = &dialect;
  schema.minor = terracotta_minor(db, dialect, label);
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
  return schema;
}

std::vector<std::string> tables_sql(const std::vector<KeyName>& keys,
                                    const SqlTypes& types) {
  const std::string columns = key_columns(keys, types.key);
  const std::string primary = "PRIMARY KEY (" + key_list(keys) + ")";
  const auto table = [&](std::string_view name, const std::string& content) {
    return fmt::format("CREATE TABLE {} ({}){}", name, content, types.of_tables);
  };
  std::string metadata = columns;
  for (const std::string_view name : bounds_columns)
    metadata += fmt::format("{} {}, ", name, types.number);
  metadata += fmt::format(
      "convex_hull {1}, valid_percentage {0}, min {0}, max {0}, mean {0}, stdev {0}, "
      "percentiles {2}, metadata {1}, ",
      types.number, types.text, types.bytes);
  std::vector<std::string> statements{
      table("key_names", fmt::format("key_name {} NOT NULL, description VARCHAR(8000), "
                                     "idx INTEGER, PRIMARY KEY (key_name), UNIQUE (idx)",
                                     types.key)),
      table("datasets", columns + "path VARCHAR(8000), " + primary),
      table("metadata", metadata + primary),
      table("terrazzo", "version INTEGER NOT NULL"),
      fmt::format("INSERT INTO terrazzo VALUES ({})", our_version),
  };
  for (std::size_t i = 0; i < keys.size(); ++i)
    statements.push_back(fmt::format("INSERT INTO key_names VALUES ({}, {}, {})",
                                     sql_text(keys[i].name),
                                     sql_text(keys[i].description), i));
  statements.push_back(
      table("terracotta", "version VARCHAR(255) NOT NULL, PRIMARY KEY (version)"));
  statements.push_back(
      fmt::format("INSERT INTO terracotta VALUES ('{}')", terracotta_version));
  return statements;
}

std::string key_columns(const std::vector<KeyName>& keys, std::string_view type) {
  return of_each(keys, "", [&](const std::string& name) {
    return fmt::format("{} {} NOT NULL, ", name, type);
  });
}

std::string key_list(const std::vector<KeyName>& keys, std::string_view table) {
  return of_each(keys, ", ",
                 [&](const std::string& name) { return dotted(table) + name; });
}

std::string key_match(const std::vector<KeyName>& keys, std::string_view left,
                      std::string_view right) {
  return of_each(keys, " AND ", [&](const std::string& name) {
    return fmt::format("{}.{} = {}.{}", left, name, right, name);
  });
}

std::string key_filter(const std::vector<KeyName>& keys, std::string_view table) {
  return of_each(keys, " AND ",
                 [&](const std::string& name) { return dotted(table) + name + " = ?"; });
}

std::string placeholders(std::size_t count) {
  std::string text = "?";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  return text;
}

}  // namespace terrazzo::catalog
