#include "terrazzo/catalog/postgres_schema.hpp"

#include <algorithm>

namespace terrazzo::catalog {
namespace {

constexpr std::string_view bytewise = "COLLATE \"C\"";
constexpr std::size_t most_index_bytes = 2730;  // of all keys, as Terracotta has it

// The box of a row, over all longitudes if it crosses the antimeridian.
std::string box_of(std::string_view row) {
  return fmt::format(
      "box(point(CASE WHEN {0}{1} <= {0}{3} THEN {0}{1} ELSE -180 END, {0}{2}), "
      "point(CASE WHEN {0}{1} <= {0}{3} THEN {0}{3} ELSE 180 END, {0}{4}))",
      row, bounds_columns[0], bounds_columns[1], bounds_columns[2], bounds_columns[3]);
}

std::string trigger_on(std::string_view table) {
  return fmt::format(
      "CREATE OR REPLACE TRIGGER terrazzo_changed BEFORE INSERT OR UPDATE OR DELETE OR "
      "TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION terrazzo_changed()",
      table);
}

// Of metadata `m`: does its box meet the one of these corners?
std::string near() { return box_of("m.") + " && box(point(?, ?), point(?, ?))"; }

std::vector<SqlValue> corners_of(const Box& box) {
  const bool crosses = box.west > box.east;
  return {crosses ? -1e9 : box.west, box.south, crosses ? 1e9 : box.east, box.north};
}

}  // namespace

std::vector<std::string> postgres_schema_sql(const std::vector<KeyName>& keys) {
  const auto characters = most_index_bytes / 4 / std::max<std::size_t>(keys.size(), 1);
  auto statements =
      tables_sql(keys, {.key = fmt::format("VARCHAR({}) {}", characters, bytewise),
                        .number = "DOUBLE PRECISION",
                        .text = "TEXT",
                        .bytes = "BYTEA"});
  const auto ours = postgres_additions_sql();
  statements.insert(statements.end(), ours.begin(), ours.end());
  return statements;
}

std::vector<std::string> postgres_additions_sql() {
  return {
      "ALTER TABLE datasets ADD COLUMN IF NOT EXISTS terrazzo_band INTEGER NOT NULL "
      "DEFAULT 1",
      "CREATE INDEX IF NOT EXISTS terrazzo_footprints ON metadata USING gist (" +
          box_of("") + ")",
      "CREATE TABLE IF NOT EXISTS terrazzo_changes (slot INTEGER PRIMARY KEY, number "
      "BIGINT NOT NULL)",
      // Another start than that of a catalogue which was here before.
      "INSERT INTO terrazzo_changes SELECT n, CASE n WHEN 0 THEN (extract(epoch FROM "
      "clock_timestamp()) * 1000)::bigint ELSE 0 END FROM generate_series(0, 63) n ON "
      "CONFLICT DO NOTHING",
      // Who may write the catalogue's tables need not be allowed to write ours.
      "CREATE OR REPLACE FUNCTION terrazzo_changed() RETURNS trigger LANGUAGE plpgsql "
      "SECURITY DEFINER SET search_path FROM CURRENT AS $$ BEGIN "
      "IF current_setting('terrazzo.changed_in', true) IS DISTINCT FROM "
      "pg_current_xact_id()::text THEN "
      "UPDATE terrazzo_changes SET number = number + 1 WHERE slot = pg_backend_pid() % "
      "64; "
      "PERFORM set_config('terrazzo.changed_in', pg_current_xact_id()::text, true); "
      "END IF; RETURN NULL; END $$",
      trigger_on("datasets"),
      trigger_on("metadata"),
  };
}

PostgresDialect::PostgresDialect(std::string lower_collation)
    : lower_collation_(std::move(lower_collation)) {}

std::string PostgresDialect::sorted(const std::string& column) const {
  return fmt::format("{} {}", column, bytewise);
}

std::string PostgresDialect::has_word(const std::string& column) const {
  const std::string collation =
      lower_collation_.empty() ? "" : " COLLATE " + sql_name(lower_collation_);
  return fmt::format("strpos(lower({}{}), ?) > 0", column, collation);
}

void PostgresDialect::add_near(SqlConditions& /*of_dataset*/, SqlConditions& of_metadata,
                               const SqlSchema& /*schema*/, const Box& box) const {
  of_metadata.add(near(), corners_of(box));
}

SqlQuery PostgresDialect::near_rows(const Box& box) const {
  return {"metadata m WHERE " + near(), corners_of(box)};
}

SqlBatch PostgresDialect::claim(const SqlSchema& schema) const {
  const std::string keys = key_list(schema.keys);
  return {
      .head = fmt::format("INSERT INTO datasets ({}, path) VALUES ", keys),
      .row = "(" + placeholders(schema.keys.size() + 1) + ")",
      .between = ", ",
      .tail = fmt::format(" ON CONFLICT ({}) DO UPDATE SET path = datasets.path", keys)};
}

}  // namespace terrazzo::catalog
