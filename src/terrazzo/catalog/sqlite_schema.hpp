#pragma once
// The tables of a catalogue in SQLite: Terracotta's own, of 0.7 to 0.9, and ours beside
// them (all named terrazzo_…), which Terracotta does not see.
//
//   terracotta, key_names, datasets, metadata    as Terracotta 0.9 makes them
//   terrazzo             the version of the tables below
//   terrazzo_bands       the band of each dataset whose band is not 1
//   terrazzo_headers     directories of remote raster files; see headers.hpp
//   terrazzo_footprints  R*Tree of the bounds, kept by triggers on metadata;
//   terrazzo_footprint_keys  its numbers as keys (row numbers change with VACUUM)
//
// Terracotta pours [west, south, east, north] into columns called north, east, south,
// west. So do we: read `bounds_columns`, not the names.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

namespace terrazzo::catalog {

// In the order west, south, east, north.
inline constexpr std::array<std::string_view, 4> bounds_columns{
    "bounds_north", "bounds_east", "bounds_south", "bounds_west"};

// The other columns of metadata, in the order they are written and read.
inline constexpr std::array<std::string_view, 8> value_columns{
    "convex_hull", "valid_percentage", "min",     "max", "mean",
    "stdev",       "percentiles",      "metadata"};

inline constexpr std::string_view terracotta_version = "0.9.1";  // what we write

struct SqliteSchema {
  int minor = 9;  // of Terracotta 0.minor
  std::vector<KeyName> keys;
  std::string path_column;  // of datasets
  bool footprints = false;  // the R*Tree is there

  // Do statements that were made for this one work on that one?
  bool fits(const SqliteSchema& that) const;
};

// `label` names the database in messages.
// Throws corrupt_data: tables or columns of a catalogue are missing. unsupported: made
// by a version that is too new or too old.
SqliteSchema read_schema(SqliteConnection& db, std::string_view label);

// What makes an empty catalogue.
std::vector<std::string> schema_sql(const std::vector<KeyName>& keys);
// What makes terrazzo_bands, if it is not there.
std::vector<std::string> band_table_sql(const std::vector<KeyName>& keys);

// d."a", d."b"
std::string key_list(const std::vector<KeyName>& keys, std::string_view table = "");
// d."a" = m."a" AND d."b" = m."b"
std::string key_match(const std::vector<KeyName>& keys, std::string_view left,
                      std::string_view right);

}  // namespace terrazzo::catalog
