#pragma once
// How metadata are written into columns: the same in every database, and the same as
// Terracotta writes them.

#include <array>
#include <string>
#include <string_view>

#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::catalog {

// 99 float32, little-endian: 396 bytes.
std::string percentiles_blob(const std::array<double, 99>& percentiles);
// Throws corrupt_data: not 396 bytes.
std::array<double, 99> percentiles_of(std::string_view blob);

// {"type": "Polygon", "coordinates": [[[x, y], …], …]}
Json geojson(const Polygon& polygon);
// Throws corrupt_data: not the GeoJSON text of a polygon.
Polygon polygon_of(std::string_view text);

// Throws invalid_input: a string in it is not UTF-8.
std::string json_text(const Json& json);
// Throws corrupt_data: not JSON. Empty text is an empty object.
Json json_of(std::string_view text);

}  // namespace terrazzo::catalog
