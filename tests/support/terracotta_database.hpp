#pragma once
// Databases as Terracotta 0.7, 0.8 and 0.9 make them, with two datasets of the keys
// sensor and band: (S2, B02) has metadata, (S2, B03) has none yet.

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/scratch_folder.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

namespace terrazzo::testing {

inline void run_sql(const std::string& path, const std::vector<std::string>& statements) {
  std::ofstream{path, std::ios::app};  // an empty file is an empty database
  catalog::SqliteConnection db{path, false, 1};
  for (const std::string& sql : statements) db.run(sql);
}

inline void make_terracotta_database(const std::string& path, int minor) {
  const bool old = minor < 8;
  const std::string real = old ? " REAL, " : " FLOAT, ";
  const std::string keys =
      "\"sensor\" VARCHAR(256) NOT NULL, \"band\" VARCHAR(256) NOT NULL, ";
  const std::string version = "0." + std::to_string(minor) + ".1";
  std::vector<std::string> sql{
      "CREATE TABLE terracotta (version VARCHAR(255))",
      "INSERT INTO terracotta VALUES ('" + version + "')",
      "CREATE TABLE datasets (" + keys + (old ? "filepath" : "path") +
          " VARCHAR(8000), PRIMARY KEY (\"sensor\", \"band\"))",
      "CREATE TABLE metadata (" + keys + "bounds_north" + real + "bounds_east" + real +
          "bounds_south" + real + "bounds_west" + real +
          "convex_hull TEXT, valid_percentage" + real + "min" + real + "max" + real +
          "mean" + real + "stdev" + real +
          "percentiles BLOB, metadata TEXT, PRIMARY KEY (\"sensor\", \"band\"))",
      "INSERT INTO datasets VALUES ('S2', 'B03', '/data/b03.tif')",
      "INSERT INTO datasets VALUES ('S2', 'B02', '/data/b02.tif')",
      // west, south, east, north; percentiles are 99 times 1.0
      "INSERT INTO metadata VALUES ('S2', 'B02', 13.5, 52.5, 14.75, 53.25, "
      "'{\"type\": \"Polygon\", \"coordinates\": [[[13.5, 52.5], [14.75, 52.5], [14.75, "
      "53.25], [13.5, 52.5]]]}', 91.5, 1, 3314, 1513.5, 470.25, "
      "unhex99, '{\"cloud\": 3}')"};
  std::string blob = "x'";
  for (int i = 0; i < 99; ++i) blob += "0000803f";
  sql.back().replace(sql.back().find("unhex99"), 7, blob + "'");
  if (old) {
    sql.push_back(
        "CREATE TABLE \"keys\" (\"key\" VARCHAR(256), description VARCHAR(8000))");
    sql.push_back(
        "INSERT INTO \"keys\" VALUES ('sensor', ''), ('band', 'spectral band')");
  } else {
    sql.push_back(
        "CREATE TABLE key_names (key_name VARCHAR(256) NOT NULL, description "
        "VARCHAR(8000), idx INTEGER, PRIMARY KEY (key_name), UNIQUE (idx))");
    sql.push_back(
        "INSERT INTO key_names VALUES ('band', 'spectral band', 1), ('sensor', '', 0)");
  }
  sql.insert(sql.begin(), "BEGIN");
  sql.emplace_back("COMMIT");
  run_sql(path, sql);
}

// One of them in a folder of its own.
class TerracottaDatabase {
 public:
  explicit TerracottaDatabase(int minor) { make_terracotta_database(path_, minor); }
  const std::string& path() const { return path_; }

 private:
  ScratchFolder folder_;
  std::string path_ = folder_ / "tc.sqlite";
};

inline std::string bytes_of(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream{path, std::ios::binary}.rdbuf();
  return bytes.str();
}

}  // namespace terrazzo::testing
