#pragma once
// The tables of a catalogue: Terracotta's own, of 0.7 to 0.9, in whatever database, and
// ours beside them, which Terracotta does not see (they are named terrazzo_…).
//
//   terracotta, key_names, datasets, metadata    as Terracotta 0.9 makes them
//   terrazzo             the version of our tables
//
// Terracotta pours [west, south, east, north] into columns called north, east, south,
// west. So do we: read `bounds_columns`, not the names.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sql_dialect.hpp"

namespace terrazzo::catalog {

// In the order west, south, east, north.
inline constexpr std::array<std::string_view, 4> bounds_columns{
    "bounds_north", "bounds_east", "bounds_south", "bounds_west"};

// The other columns of metadata, in the order they are written and read.
inline constexpr std::array<std::string_view, 8> value_columns{
    "convex_hull", "valid_percentage", "min",     "max", "mean",
    "stdev",       "percentiles",      "metadata"};

inline constexpr std::string_view terracotta_version = "0.9.1";  // what we write

struct SqlSchema {
  int minor = 9;  // of Terracotta 0.minor
  std::vector<KeyName> keys;
  std::string path_column;              // of datasets
  bool footprints = false;              // there is an index of them
  const SqlDialect* dialect = nullptr;  // lives as long as the pool

  // Do statements that were made for this one work on that one?
  bool fits(const SqlSchema& that) const;
};

// `label` names the database in messages. Without `footprints`.
// Throws corrupt_data: tables or columns of a catalogue are missing. unsupported: made
// by a version that is too new or too old.
SqlSchema read_schema(SqlConnection& db, const SqlDialect& dialect,
                      std::string_view label);

// How a database calls the types of columns.
struct SqlTypes {
  std::string key;
  std::string number;
  std::string text;
  std::string bytes;
  std::string of_tables{};  // what follows each table's columns
};

// What makes an empty catalogue, our other tables aside. Table `terracotta`, by which a
// catalogue is known, comes last.
std::vector<std::string> tables_sql(const std::vector<KeyName>& keys,
                                    const SqlTypes& types);

// "a" VARCHAR(256) NOT NULL, "b" …,
std::string key_columns(const std::vector<KeyName>& keys, std::string_view type);
// d."a", d."b"
std::string key_list(const std::vector<KeyName>& keys, std::string_view table = "");
// d."a" = m."a" AND d."b" = m."b"
std::string key_match(const std::vector<KeyName>& keys, std::string_view left,
                      std::string_view right);
// d."a" = ? AND d."b" = ?
std::string key_filter(const std::vector<KeyName>& keys, std::string_view table = "");
// ?, ?, ?
std::string placeholders(std::size_t count);

}  // namespace terrazzo::catalog
