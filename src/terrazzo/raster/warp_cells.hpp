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
  Point bend_west{};             // see side_at()
  Point bend_east{};
};

// Where the side of a cell is at `row`, from the corner in the north to that in the
// south. Sides are parabolas: straight lines but for bend * (row - row0) * (row - row1).
inline Point side_at(const WarpCell& cell, const Point& north, const Point& south,
                     const Point& bend, std::int32_t row) {
  const double from = row - cell.row0;
  const double rows = cell.row1 - cell.row0;
  const double share = rows == 0 ? 0 : from / rows;
  const double bent = from * (row - cell.row1);
  return {north.x + (south.x - north.x) * share + bend.x * bent,
          north.y + (south.y - north.y) * share + bend.y * bent};
}
inline Point west_at(const WarpCell& cell, std::int32_t row) {
  return side_at(cell, cell.corners[0], cell.corners[2], cell.bend_west, row);
}
inline Point east_at(const WarpCell& cell, std::int32_t row) {
  return side_at(cell, cell.corners[1], cell.corners[3], cell.bend_east, row);
}

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
