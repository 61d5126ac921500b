#pragma once

#include "terrazzo/base/fields.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::formats {

// Everything a raster says of itself: size, grid, bounds, reference system, blocks,
// overviews, bands. What is not there is left out.
Json info_json(const io::RasterInfo& info);

}  // namespace terrazzo::formats
