#pragma once
// What is SQLite's own in the tables of a catalogue (see sql_schema.hpp):
//
//   terrazzo_bands       the band of each dataset whose band is not 1
//   terrazzo_headers     directories of remote raster files; see headers.hpp
//   terrazzo_footprints  R*Tree of the bounds, kept by triggers on metadata;
//   terrazzo_footprint_keys  its numbers as keys (row numbers change with VACUUM)

#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/catalog/sql_schema.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

namespace terrazzo::catalog {

// As read_schema().
SqlSchema read_sqlite_schema(SqliteConnection& db, std::string_view label);

// What makes an empty catalogue.
std::vector<std::string> schema_sql(const std::vector<KeyName>& keys);
// What makes terrazzo_bands, if it is not there.
std::vector<std::string> band_table_sql(const std::vector<KeyName>& keys);

}  // namespace terrazzo::catalog
