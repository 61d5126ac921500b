#include "terrazzo/catalog/describe.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <exception>
#include <optional>
#include <thread>

#include "terrazzo/raster/statistics.hpp"

namespace terrazzo::catalog {
namespace {

// A part of the grid, and the shape it is read in.
struct Part {
  io::Window window;
  std::size_t rows;
  std::size_t cols;
};

struct Sums {
  raster::StatisticsSum statistics;
  raster::HullSum hull;
};

ElementType type_of(const io::Raster& raster) {
  return raster.info().bands[static_cast<std::size_t>(raster.band()) - 1].type;
}

std::size_t rounded_down(std::size_t value, std::size_t step) {
  return std::max(value / step, std::size_t{1}) * step;
}

// The parts of a grid, from left to right and down. A grid may have more of them than
// memory could list.
struct Parts {
  std::size_t rows = 0;  // of the grid
  std::size_t cols = 0;
  std::size_t part_rows = 1;  // but at the lower and the right edge
  std::size_t part_cols = 1;
  std::optional<std::array<std::size_t, 2>> shape{};  // each is read in; else its own

  std::size_t across() const { return (cols - 1) / part_cols + 1; }
  std::size_t count() const { return across() * ((rows - 1) / part_rows + 1); }
  Part operator[](std::size_t i) const {
    const std::size_t row = i / across() * part_rows;
    const std::size_t col = i % across() * part_cols;
    const io::Window window{col, row, std::min(part_cols, cols - col),
                            std::min(part_rows, rows - row)};
    if (shape) return {window, (*shape)[0], (*shape)[1]};
    return {window, window.rows, window.cols};
  }
};

// No reader holds a larger block; a file that declares one is read in smaller parts.
constexpr std::size_t largest_block_pixels = std::size_t{1} << 29U;

// Whole blocks in each, at most about `pixels` (never less than one block).
Parts parts_of(const io::RasterInfo& info, std::size_t pixels) {
  const std::size_t block_rows = std::clamp(info.block_rows, std::size_t{1}, info.rows);
  const std::size_t block_cols = std::clamp(info.block_cols, std::size_t{1}, info.cols);
  const std::size_t rows = rounded_down(pixels / info.cols, block_rows);
  const std::size_t cols =
      rows <= pixels / info.cols ? info.cols : rounded_down(pixels / rows, block_cols);
  if (rows > largest_block_pixels / cols)
    return {info.rows, info.cols, 1, std::min(pixels, info.cols)};
  return {info.rows, info.cols, rows, cols};
}

Parts parts_of(const io::Raster& raster, const DescribeOptions& options) {
  const io::RasterInfo& info = raster.info();
  Parts whole{info.rows, info.cols, info.rows, info.cols};
  if (options.max_shape) {
    const auto [rows, cols] = *options.max_shape;
    whole.shape = {std::clamp(rows, std::size_t{1}, info.rows),
                   std::clamp(cols, std::size_t{1}, info.cols)};
    return whole;
  }
  const std::size_t pixel_bytes = size_of(type_of(raster)) + 1;  // and the mask
  const std::size_t pixels = std::max(options.memory_bytes / pixel_bytes, std::size_t{1});
  if (info.rows <= pixels / info.cols) return whole;
  return parts_of(info, pixels / std::max(options.threads, std::size_t{1}));
}

void add(Sums& sums, const io::Raster& raster, const Part& part, const Context& context) {
  context.check();
  const Image image = raster.read(part.window, part.rows, part.cols, context);
  sums.statistics.add(image);
  sums.hull.add(image, static_cast<double>(part.window.col),
                static_cast<double>(part.window.row),
                static_cast<double>(part.window.cols) / static_cast<double>(part.cols),
                static_cast<double>(part.window.rows) / static_cast<double>(part.rows));
}

// Thread t adds parts t, t + threads, …: the sums do not depend on who is faster.
Sums summed(const io::Raster& raster, const Parts& parts, const DescribeOptions& options,
            const Context& context) {
  const std::size_t threads = std::clamp(options.threads, std::size_t{1}, parts.count());
  const std::size_t exact =
      std::max(options.memory_bytes / 16 / threads, std::size_t{1} << 12);
  std::vector<Sums> sums;
  for (std::size_t t = 0; t < threads; ++t)
    sums.push_back({raster::StatisticsSum{type_of(raster), exact}, {}});
  std::vector<std::exception_ptr> failures(threads);
  std::atomic<bool> stop = false;
  const auto work = [&](std::size_t t) {
    try {
      for (std::size_t i = t; i < parts.count() && !stop; i += threads)
        add(sums[t], raster, parts[i], context);
    } catch (...) {
      failures[t] = std::current_exception();
      stop = true;
    }
  };
  {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
    work(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
  for (std::size_t t = 1; t < threads; ++t) {
    sums[0].statistics.merge(sums[t].statistics);
    sums[0].hull.merge(sums[t].hull);
  }
  return std::move(sums[0]);
}

double doubled_area(const Ring& ring) {
  double sum = 0;
  for (std::size_t i = 1; i < ring.size(); ++i)
    sum += ring[i - 1].x * ring[i].y - ring[i].x * ring[i - 1].y;
  return sum;
}

// The four corners of the grid, in (col, row), from the lower left.
Ring corners_of(const io::RasterInfo& info) {
  const auto cols = static_cast<double>(info.cols);
  const auto rows = static_cast<double>(info.rows);
  return {{0, rows}, {cols, rows}, {cols, 0}, {0, 0}, {0, rows}};
}

// Counter-clockwise, as GeoJSON wants it. Points that have no longitude and latitude are
// left out; empty if no area remains.
Ring on_the_earth(const Ring& grid_ring, const Affine& affine,
                  const Transform& to_wgs84) {
  Ring ring;
  for (const Point& p : grid_ring) ring.push_back(affine(p.x, p.y));
  to_wgs84(ring);
  std::erase_if(
      ring, [](const Point& p) { return !std::isfinite(p.x) || !std::isfinite(p.y); });
  if (!ring.empty() && ring.front() != ring.back()) ring.push_back(ring.front());
  const double area = doubled_area(ring);
  if (area == 0) return {};
  if (area < 0) std::ranges::reverse(ring);
  return ring;
}

Ring rectangle(const Box& box) {
  return {{box.west, box.south},
          {box.east, box.south},
          {box.east, box.north},
          {box.west, box.north},
          {box.west, box.south}};
}

// Whether the box has the longitudes of points all over the grid. Where an edge of the
// grid lies a little beyond the date line, the two edges' longitudes are next to each
// other and what is between them gets lost.
bool spans(const Box& lonlat, const Box& box, const Transform& to_wgs84) {
  const double slack = 1e-6 * std::max(lonlat.width(), 1.0);
  const bool is_over_date_line = lonlat.east < lonlat.west;
  for (const double across : {0.25, 0.5, 0.75})
    for (const double up : {0.25, 0.5, 0.75}) {
      const Point inside{box.west + across * box.width(), box.south + up * box.height()};
      const double x = to_wgs84(inside).x;
      if (!std::isfinite(x)) continue;
      const bool after_west = x >= lonlat.west - slack;
      const bool before_east = x <= lonlat.east + slack;
      if (is_over_date_line ? !after_west && !before_east : !after_west || !before_east)
        return false;
    }
  return true;
}

// Empty: no point of the outline has a longitude and latitude, as around a whole disk
// of the earth seen from space.
std::optional<Box> bounds_on_the_earth(const io::RasterInfo& info,
                                       const Transform& to_wgs84) {
  try {
    const Box box = bounds_of(info.affine, info.rows, info.cols);
    Box lonlat = to_wgs84(box, 21);
    if (spans(lonlat, box, to_wgs84)) return lonlat;
    lonlat.west = -180;
    lonlat.east = 180;
    return lonlat;
  } catch (const Error&) {
    return {};
  }
}

Box box_around(const Ring& ring) {
  if (ring.empty())
    throw failure(ErrorKind::corrupt_data,
                  "the raster lies where there is no longitude and latitude");
  const auto [west, east] = std::ranges::minmax(ring, {}, &Point::x);
  const auto [south, north] = std::ranges::minmax(ring, {}, &Point::y);
  return {west.x, south.y, east.x, north.y};
}

void copy(const raster::Statistics& from, Metadata& to) {
  to.valid_percentage = from.valid_percentage;
  to.low = from.low;
  to.high = from.high;
  to.mean = from.mean;
  to.stdev = from.stdev;
  to.percentiles = from.percentiles;
}

}  // namespace

namespace {

void check_place(const io::RasterInfo& info) {
  if (!info.crs)
    throw failure(ErrorKind::unsupported,
                  "the raster is not georeferenced: it has no CRS");
  if (info.rows == 0 || info.cols == 0)
    throw failure(ErrorKind::corrupt_data, "the raster has no pixels");
}

}  // namespace

Metadata describe(const io::Raster& raster, const DescribeOptions& options,
                  const Context& context) {
  check_place(raster.info());
  const Sums sums = summed(raster, parts_of(raster, options), options, context);
  return describe_measured(raster.info(), sums.statistics, sums.hull);
}

Metadata describe_measured(const io::RasterInfo& info,
                           const raster::StatisticsSum& statistics,
                           const raster::HullSum& hull) {
  check_place(info);
  const Transform to_wgs84{*info.crs, Crs::wgs84()};
  const auto bounds = bounds_on_the_earth(info, to_wgs84);
  const Ring valid = hull.result();
  if (valid.empty())
    throw failure(ErrorKind::corrupt_data, "the raster does not contain any valid data");
  Metadata metadata;
  copy(statistics.result(), metadata);
  const bool all_valid = metadata.valid_percentage == 100;
  Ring outline =
      on_the_earth(all_valid ? corners_of(info) : valid, info.affine, to_wgs84);
  metadata.bounds = bounds ? *bounds : box_around(outline);
  if (outline.empty()) outline = rectangle(metadata.bounds);
  metadata.convex_hull.rings = {std::move(outline)};
  return metadata;
}

}  // namespace terrazzo::catalog
