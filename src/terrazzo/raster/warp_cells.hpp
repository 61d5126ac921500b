#pragma once
// The cells in which a WarpGrid interpolates; for warp_grid.cpp only.

#include <functional>
#include <vector>

#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::raster {

// Target pixels from the corner (col0, row0) to (col1, row1); positions in level pixels.
struct WarpCell {
  std::int32_t col0, col1, row0, row1;
  std::array<Point, 4> corners;  // north-west, north-east, south-west, south-east
};

struct WarpCells {
  std::vector<WarpCell> smooth;  // positions may be interpolated
  std::vector<WarpCell> broken;  // every pixel has to be transformed
  std::size_t points = 0;        // transformed for them
};

// May the box (level pixels) meet the level?
using MeetsLevel = std::function<bool(const Box&)>;

// Cells that cover all of the picture that may meet the level.
//   to_level   the source's system to level pixels
WarpCells make_cells(const WarpMap& map, const Affine& to_level, const MeetsLevel& meets);

}  // namespace terrazzo::raster
