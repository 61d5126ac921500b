#pragma once
// The grid on which a level is drawn before it is reduced to the picture.

#include "terrazzo/raster/downsample.hpp"
#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::raster {

// Pixels of the full raster along a pixel of a level.
struct LevelFactor {
  double cols = 1;
  double rows = 1;
};

// Lies over the picture, with two pixels of the full raster around it.
struct FineGrid {
  WarpTarget target{};
  FineLine cols{};  // the picture's pixels on it
  FineLine rows{};
  bool is_picture = false;  // it is the picture's own grid, without anything around
};

// The size of a raster's pixels in the picture's system that keeps the diagonal: what
// GDAL suggests for the whole raster. Empty if its corners cannot be transformed.
std::optional<double> native_pixel(const WarpLevel& raster, const Crs& from,
                                   const Crs& to);

// A whole number of pixels of the raster (`pixel`, in the picture's system) over the
// picture, or the picture's own pixels where these are smaller, as many to one as the
// level's: the grid that GDAL's overviews of a warped raster have.
FineGrid fine_grid(const WarpTarget& picture, double pixel, const LevelFactor& factor);

// The rows that the rows first .. first + count - 1 of the picture need.
FineGrid rows_of(const FineGrid& grid, std::size_t first, std::size_t count,
                 Kernel kernel);

}  // namespace terrazzo::raster
