#include "terrazzo/catalog/sqlite_schema.hpp"

namespace terrazzo::catalog {
namespace {

constexpr std::string_view key_type = "VARCHAR(256)";

std::string trigger(std::string_view name, std::string_view event,
                    std::string_view body) {
  return fmt::format("CREATE TRIGGER IF NOT EXISTS {} AFTER {} BEGIN {} END", name, event,
                     body);
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
          key_columns(keys, key_type) + "UNIQUE (" + list + "))",
      "CREATE VIRTUAL TABLE terrazzo_footprints USING "
      "rtree(terrazzo_id, west, east, south, north)",
      trigger("terrazzo_footprints_insert", "INSERT ON metadata", remember),
      trigger("terrazzo_footprints_update", "UPDATE ON metadata", remember),
      trigger("terrazzo_footprints_delete", "DELETE ON metadata",
              forget + fmt::format("DELETE FROM terrazzo_footprint_keys WHERE {};",
                                   key_match(keys, "terrazzo_footprint_keys", "OLD"))),
  };
}

class SqliteDialect final : public SqlDialect {
 public:
  int oldest_minor() const override { return 7; }

  std::string has_word(const std::string& column) const override {
    return "terrazzo_has(" + column + ", ?)";
  }

  // Many values travel as one JSON parameter, so the text is the same for any number.
  SqlQuery is_any(const std::string& column,
                  const std::vector<std::string>& values) const override {
    return {column + " IN (SELECT value FROM json_each(?))", {Json(values).dump()}};
  }

  void add_near(SqlConditions& of_dataset, SqlConditions& /*of_metadata*/,
                const SqlSchema& schema, const Box& box) const override {
    const SqlQuery near = near_rows(box);
    of_dataset.add(
        fmt::format("({}) IN (SELECT {} FROM terrazzo_footprint_keys k WHERE "
                    "k.terrazzo_id IN (SELECT terrazzo_id FROM {}))",
                    key_list(schema.keys, "d"), key_list(schema.keys, "k"), near.text),
        near.values);
  }

  SqlQuery near_rows(const Box& box) const override {
    const bool crosses = box.west > box.east;
    return {
        "terrazzo_footprints WHERE west <= ? AND east >= ? AND south <= ? AND "
        "north >= ?",
        {crosses ? 1e9 : box.east, crosses ? -1e9 : box.west, box.north, box.south}};
  }

  // Somebody else may add the table at any time.
  SqlBands bands(SqlConnection& db) const override {
    const auto table = db.select(
        {"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'terrazzo_bands'"});
    return table->next() ? SqlBands::table : SqlBands::none;
  }
  void add_bands(SqlConnection& db, const SqlSchema& schema) const override {
    for (const std::string& sql : band_table_sql(schema.keys)) db.run(sql);
  }
};

}  // namespace

SqlSchema read_sqlite_schema(SqliteConnection& db, std::string_view label) {
  static const SqliteDialect dialect;
  SqlSchema schema = read_schema(db, dialect, label);
  schema.footprints =
      db.has_table("terrazzo_footprints") && db.has_table("terrazzo_footprint_keys");
  return schema;
}

std::vector<std::string> schema_sql(const std::vector<KeyName>& keys) {
  std::vector<std::string> statements =
      tables_sql(keys, {std::string{key_type}, "FLOAT", "TEXT", "BLOB"});
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
      "CREATE TABLE IF NOT EXISTS terrazzo_bands (" + key_columns(keys, key_type) +
          "terrazzo_band INTEGER NOT NULL, PRIMARY KEY (" + key_list(keys) +
          ")) WITHOUT ROWID",
      trigger("terrazzo_bands_insert", "INSERT ON datasets", forget("NEW")),
      trigger("terrazzo_bands_update", "UPDATE ON datasets", forget("NEW")),
      trigger("terrazzo_bands_delete", "DELETE ON datasets", forget("OLD")),
  };
}

}  // namespace terrazzo::catalog
