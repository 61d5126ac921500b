#pragma once
// The baseline for rasters on web servers: GDAL's /vsicurl with the settings that are
// known to serve it best. Throws internal where GDAL fails.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "terrazzo/data/tile_grid.hpp"

namespace terrazzo::bench {

// Sets GDAL up for the network, and prints how.
void set_up_remote_baseline();

// Forgets what GDAL has of any server, and all decoded blocks.
void forget_remote();

// Values of the tiles, 256 x 256 each, warped to web mercator, bilinear, approximate to
// 0.125 pixel, 0 where there is no data; all from one handle.
std::vector<std::vector<std::uint16_t>> gdal_tiles(const std::string& url,
                                                   std::span<const TileId> tiles);

}  // namespace terrazzo::bench
