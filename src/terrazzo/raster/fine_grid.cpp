#include "terrazzo/raster/fine_grid.hpp"

#include <algorithm>
#include <cmath>

#include "terrazzo/raster/kernel_weights.hpp"

namespace terrazzo::raster {
namespace {

constexpr double pad = 2;  // pixels of the raster before the picture and after it
constexpr double most_step = 16;
constexpr double most_pixels = 1 << 24;  // along a side

// One side of the grid.
struct Side {
  double pixels = 1;  // of the grid
  FineLine line{};
  double before = 0;        // lengths in the picture's system, of one pad
  bool is_picture = false;  // the level's pixels are the picture's
};

Side side_of(double length, std::size_t count, double pixel, double factor) {
  const auto own = static_cast<double>(count);
  const double across = std::max(std::nearbyint(std::max(length / pixel, own)), 1.0);
  const double padded = across + 2 * pad;
  Side side;
  side.pixels = std::max(std::floor(padded / factor + 0.5), 1.0);
  const double cell = padded / side.pixels;
  side.line = {pad / cell, across / cell / own};
  side.before = pad * length / across;
  side.is_picture = std::abs(across - own * factor) < 1e-6 * across;
  return side;
}

// Of a pixel of the picture, beyond its edge.
double reach_of_downsample(Kernel kernel) {
  return kernel == Kernel::bilinear || kernel == Kernel::cubic ? radius_of(kernel) : 0;
}

bool is_too_fine(const Side& side) {
  return side.line.step > most_step || !(side.pixels <= most_pixels);
}

}  // namespace

std::optional<double> native_pixel(const WarpLevel& raster, const Crs& from,
                                   const Crs& to) {
  const auto cols = static_cast<double>(raster.cols);
  const auto rows = static_cast<double>(raster.rows);
  std::array corners{raster.affine(0, 0), raster.affine(cols, rows)};
  Transform{from, to}(corners);
  const double dx = corners[1].x - corners[0].x;
  const double dy = corners[1].y - corners[0].y;
  const double pixel = std::hypot(dx, dy) / std::hypot(cols, rows);
  if (!std::isfinite(pixel) || dx == 0 || dy == 0) return std::nullopt;
  return pixel;
}

FineGrid fine_grid(const WarpTarget& picture, double pixel, const LevelFactor& factor) {
  const Box& box = picture.box;
  const Side across = side_of(box.width(), picture.cols, pixel, factor.cols);
  const Side down = side_of(box.height(), picture.rows, pixel, factor.rows);
  FineGrid grid;
  grid.target = picture;
  grid.is_picture =
      (across.is_picture && down.is_picture) || is_too_fine(across) || is_too_fine(down);
  if (grid.is_picture) return grid;
  grid.target.box = {box.west - across.before, box.south - down.before,
                     box.east + across.before, box.north + down.before};
  grid.target.cols = static_cast<std::size_t>(across.pixels);
  grid.target.rows = static_cast<std::size_t>(down.pixels);
  grid.cols = across.line;
  grid.rows = down.line;
  return grid;
}

FineGrid rows_of(const FineGrid& grid, std::size_t first, std::size_t count,
                 Kernel kernel) {
  const auto from = static_cast<double>(first);
  const auto to = static_cast<double>(first + count);
  const double margin =
      grid.is_picture ? 0 : reach_of_downsample(kernel) * grid.rows.step + 1;
  const auto all = static_cast<double>(grid.target.rows);
  const double begin = std::clamp(
      std::floor(grid.rows.start + from * grid.rows.step - margin), 0.0, all - 1);
  const double end = std::clamp(std::ceil(grid.rows.start + to * grid.rows.step + margin),
                                begin + 1, all);
  const double height = grid.target.box.height() / all;
  FineGrid part = grid;
  part.target.rows = static_cast<std::size_t>(end - begin);
  part.target.box.north = grid.target.box.north - height * begin;
  part.target.box.south = grid.target.box.north - height * end;
  part.rows.start += from * grid.rows.step - begin;
  return part;
}

}  // namespace terrazzo::raster
