#pragma once
// Which place of a source each pixel of a picture shows.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "terrazzo/data/geo.hpp"

namespace terrazzo::raster {

// The picture to be made.
struct WarpTarget {
  Box box{};  // west > east: across the antimeridian
  Crs crs = Crs::web_mercator();
  std::size_t rows = 256;
  std::size_t cols = 256;
};

// The target with east > west.
// Throws invalid_input: an empty box, no pixels or too many, west > east in a system that
// does not go around the world.
WarpTarget checked(WarpTarget target);

// The grid of one level (the full raster or an overview) of a source.
struct WarpLevel {
  Affine affine{};  // (col, row) to the source's reference system
  std::size_t rows = 0;
  std::size_t cols = 0;
};

// How far x goes once around the world along a parallel: 360 for degrees, 40 075 017 for
// EPSG:3857; 0 for systems in which x does not go straight around it. Costs a
// transformation's making: to be kept with the source.
double world_width(const Crs& crs);

// Source pixels that one target pixel spans along the source's columns and rows.
struct PixelScale {
  double cols = 1;
  double rows = 1;
  double finer() const noexcept { return cols < rows ? cols : rows; }
};

// Where the pixels of a picture lie in a source's reference system; the same for all
// levels, bands and files of that system.
class WarpMap {
 public:
  // source_world: world_width(source).
  // Throws as checked(); invalid_input: no way between the systems.
  WarpMap(WarpTarget target, Crs source, double source_world = 0);

  const WarpTarget& target() const noexcept { return target_; }
  double source_world() const noexcept { return source_world_; }

  // (col, row), with (0, 0) the centre of the first pixel, to the source's system; what
  // cannot be transformed becomes infinite. x is taken from the world copy nearest to the
  // picture's middle.
  void to_source(std::span<Point> pixels) const;

  // The columns and rows of the first, middle and last pixels, and where they lie.
  const std::array<std::int32_t, 3>& node_cols() const noexcept { return node_cols_; }
  const std::array<std::int32_t, 3>& node_rows() const noexcept { return node_rows_; }
  const std::array<Point, 9>& nodes() const noexcept { return nodes_; }

 private:
  WarpTarget target_;
  Transform transform_;
  double source_world_;
  std::optional<double> reference_x_{};  // of the picture's middle
  std::array<std::int32_t, 3> node_cols_{};
  std::array<std::int32_t, 3> node_rows_{};
  std::array<Point, 9> nodes_{};
};

// The scale where the picture meets the level; the median over parts of the picture.
// Empty if no part of the picture can be transformed.
// Cost    no transformation where the scale is even, else 289 points.
std::optional<PixelScale> pixel_scale(const WarpMap& map, const WarpLevel& level);

// Positions in source pixels are 32.32 fixed-point numbers; (0, 0) is the outer corner of
// the first pixel.
inline constexpr int position_bits = 32;
inline constexpr std::int64_t one_pixel = std::int64_t{1} << position_bits;

// Target pixels of one row whose centres go through the source in equal steps.
struct WarpSpan {
  std::int32_t row = 0;
  std::int32_t col = 0;  // the first one
  std::int32_t count = 0;
  float width = 1;  // source pixels that a target pixel covers
  float height = 1;
  std::int64_t x = 0;  // of the first centre
  std::int64_t y = 0;
  std::int64_t dx = 0;  // to the next one
  std::int64_t dy = 0;
};

// A part of a picture.
struct PicturePart {
  std::size_t row = 0;
  std::size_t col = 0;
  std::size_t rows = 0;
  std::size_t cols = 0;
  bool operator==(const PicturePart&) const = default;
};

// The target pixels whose centres lie inside the level (0 <= x < cols, 0 <= y < rows),
// row by row and from left to right.
//
// Centres are transformed exactly at the corners of cells and at the middles of their
// sides, interpolated by parabolas along the left and right side and straight between
// these. The first cell is the picture; cells are split in four while one of the points
// known in them is off by more than 0.1 source pixel, so that no position is off by
// 0.125; below 5 x 5 pixels, or where only a part of a cell can be transformed, every
// pixel is transformed.
//
// A level that spans the world from edge to edge has no left and right end: x may be
// below 0 or beyond cols and stands for the column that many worlds further.
// Cost    21 transformed points for a picture without much curvature; 3 per pixel at
//         worst.
class WarpGrid {
 public:
  // Throws invalid_input: the affine is singular. too_large: over 2^29 columns or rows.
  WarpGrid(const WarpMap& map, const WarpLevel& level);

  std::size_t rows() const noexcept { return rows_; }  // of the target
  std::size_t cols() const noexcept { return cols_; }
  std::size_t level_rows() const noexcept { return level_rows_; }
  std::size_t level_cols() const noexcept { return level_cols_; }
  bool wraps() const noexcept { return wraps_; }  // does the level span the world?
  std::span<const WarpSpan> spans() const noexcept { return spans_; }
  // Points transformed, those of the map among them.
  std::size_t points() const noexcept { return points_; }

  // Leaves of the picture what is around the spans; which part that is. Without spans
  // nothing is left.
  PicturePart crop();

 private:
  std::size_t rows_;
  std::size_t cols_;
  std::size_t level_rows_;
  std::size_t level_cols_;
  bool wraps_ = false;
  std::size_t points_ = 0;
  std::vector<WarpSpan> spans_;
};

}  // namespace terrazzo::raster
