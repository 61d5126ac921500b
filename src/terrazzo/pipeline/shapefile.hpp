#pragma once
// Polygons with texts, as ESRI shapefiles have them.
// Source: ESRI Shapefile Technical Description, July 1998; dBASE III.

#include <string>
#include <vector>

#include "terrazzo/data/geo.hpp"

namespace terrazzo::pipeline {

struct ShapeRow {
  Polygon polygon{};
  std::vector<std::string> values{};  // one for each column; UTF-8
};

struct Shapefile {
  std::string shp{};
  std::string shx{};
  std::string dbf{};
};

// Outer rings become clockwise, as the format wants them. Values longer than 254 bytes
// are cut between characters.
// Throws invalid_input: a column's name is not of 1 to 10 ASCII letters, digits and '_'.
// too_large: more than the format's 2 GB.
Shapefile shapefile_of(const std::vector<std::string>& columns,
                       const std::vector<ShapeRow>& rows);

// Files in a ZIP archive, not compressed. Throws too_large: more than 4 GB.
struct ArchivedFile {
  std::string name;
  std::string bytes;
};
std::string zip_of(const std::vector<ArchivedFile>& files);

}  // namespace terrazzo::pipeline
