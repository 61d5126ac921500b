#pragma once
// The fast resampler: pixels of one level of a source to pixels of a picture.

#include <cstddef>
#include <cstdint>

#include "terrazzo/data/image.hpp"
#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::raster {

enum class Kernel : std::uint8_t {
  nearest,   // the pixel that holds the position
  bilinear,  // the 2 x 2 pixels around it
  cubic,     // 4 x 4, Keys with a = -0.5
  lanczos,   // 6 x 6
  average,   // all pixels that the target pixel covers, by the area covered
  mode,      // the value that covers most of it; the least of equals
  min,
  max,
};

// Decoded pixels of a level that somebody else owns.
struct BlockView {
  ElementType type = ElementType::uint8;
  const void* values = nullptr;         // of `type`
  const std::uint8_t* valid = nullptr;  // 1 is valid, 0 is no data; null: all are valid
  std::size_t stride = 0;               // elements (and mask bytes) from row to row
  std::ptrdiff_t col = 0;               // place of the first pixel in the level
  std::ptrdiff_t row = 0;
  std::size_t cols = 0;
  std::size_t rows = 0;
};

// Pixels of a level. Rows lie inside it; columns too, unless it wraps (WarpGrid::wraps):
// then `col` may be negative or col + cols beyond the level, and column c is column
// c mod level_cols().
struct SourceWindow {
  std::ptrdiff_t col = 0;
  std::ptrdiff_t row = 0;
  std::size_t cols = 0;
  std::size_t rows = 0;
  bool empty() const noexcept { return cols == 0 || rows == 0; }
  bool operator==(const SourceWindow&) const = default;
};

// The pixels that warp() looks at; empty if the picture misses the level.
SourceWindow window_for(const WarpGrid& grid, Kernel kernel);

// Writes the values of a band and clears out.valid() where they are not valid; these
// values become 0.
//
//   grid     of a picture of the size of `out`
//   source   of the type of `out`; window_for() or more of it. What lies outside counts
//   as
//            beyond the raster's edge.
//
// A pixel is valid if its centre lies inside the level and, for kernels that interpolate,
// the source pixel there is valid; for average, mode, min and max if any pixel covered
// is. Pixels that are not valid or beyond the edge have no part in sums; the weights of
// the others are scaled up. Cubic and lanczos widen with the picture's pixels (up to 16
// source pixels), so they do not alias; bilinear looks at four pixels only. Integers are
// rounded half up and clamped to their type.
//
// Errors of arithmetic: none for nearest, mode, min and max; bilinear integers of up to
// 16 bits are right to 1 (single precision), everything else is made in double precision.
//
// Throws  invalid_input: the types or sizes differ.
// Cost    O(target pixels) for nearest and bilinear, O(source pixels covered) for
// average,
//         min and max; allocates nothing for these. Any thread.
void warp(const WarpGrid& grid, Kernel kernel, const BlockView& source, Image& out,
          std::size_t band = 0);

}  // namespace terrazzo::raster
