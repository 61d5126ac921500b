#pragma once
// The web-mercator tile grid (XYZ, y down), as mercantile computes it.

#include <cstdint>
#include <optional>
#include <string_view>

#include "terrazzo/data/geo.hpp"

namespace terrazzo {

struct TileId {
  int z = 0;
  std::uint64_t x = 0;
  std::uint64_t y = 0;
  bool operator==(const TileId&) const = default;
};

inline constexpr int max_zoom = 60;  // x and y stay exact; deeper tiles hold nothing

// Digits only, any length, leading zeros allowed. Numbers too large for TileId
// become one that no dataset meets. Empty if a part is not made of digits.
std::optional<TileId> tile_from_text(std::string_view z, std::string_view x,
                                     std::string_view y);

// In EPSG:3857, metres.
Box mercator_box(const TileId& tile);

// In longitude and latitude.
Box lonlat_box(const TileId& tile);

// The tile that holds a longitude and latitude; beyond the poles of the grid the
// first or last row. Throws invalid_input: z is outside 0..max_zoom.
TileId tile_at(Point lonlat, int z);

// Does the tile meet the box (longitude, latitude; over the date line: 170 to 190, or to
// -170)? Between its corners' tiles, as Terracotta; false beyond max_zoom.
bool tile_meets(const TileId& tile, const Box& lonlat);

}  // namespace terrazzo
