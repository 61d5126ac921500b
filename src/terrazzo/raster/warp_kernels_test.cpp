// Each kernel against the same kernel made again, a pixel at a time.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "terrazzo/data/tile_grid.hpp"
#include "terrazzo/raster/warp_samples.hpp"

namespace terrazzo::raster {
namespace {

double as_pixels(std::int64_t position) {
  return static_cast<double>(position) / static_cast<double>(one_pixel);
}

double keys(double t) {
  t = std::abs(t);
  if (t < 1) return 1.5 * t * t * t - 2.5 * t * t + 1;
  return t < 2 ? -0.5 * t * t * t + 2.5 * t * t - 4 * t + 2 : 0;
}

double sinc(double t) {
  return t == 0 ? 1 : std::sin(3.14159265358979323846 * t) / (3.14159265358979323846 * t);
}

double weight_of(Kernel kernel, double distance, double covered) {
  const double stretch = std::max(covered, 1.0);
  switch (kernel) {
    case Kernel::bilinear:
      return std::max(0.0, 1 - std::abs(distance));
    case Kernel::cubic:
      return keys(distance / stretch);
    case Kernel::lanczos:
      return std::abs(distance / stretch) < 3
                 ? sinc(distance / stretch) * sinc(distance / stretch / 3)
                 : 0;
    default: {  // how much of the pixel lies in the covered interval
      const double part =
          std::min(distance + 0.5, covered / 2) - std::max(distance - 0.5, -covered / 2);
      return part < 1e-4 ? 0 : part;  // what rounding makes of nothing
    }
  }
}

struct Expected {
  bool valid = false;
  double value = 0;
};

bool interpolates(Kernel kernel) {
  return kernel == Kernel::bilinear || kernel == Kernel::cubic ||
         kernel == Kernel::lanczos;
}

template <class T>
Expected expected(const Source<T>& source, Kernel kernel, double x, double y,
                  const WarpSpan& span) {
  const auto usable = [&](std::ptrdiff_t col, std::ptrdiff_t row) {
    return col >= 0 && row >= 0 && col < static_cast<std::ptrdiff_t>(source.cols) &&
           row < static_cast<std::ptrdiff_t>(source.rows) &&
           (source.valid.empty() ||
            source.valid[static_cast<std::size_t>(row) * source.cols +
                         static_cast<std::size_t>(col)] != 0);
  };
  const auto value = [&](std::ptrdiff_t col, std::ptrdiff_t row) {
    return static_cast<double>(source.values[static_cast<std::size_t>(row) * source.cols +
                                             static_cast<std::size_t>(col)]);
  };
  const auto col_at = static_cast<std::ptrdiff_t>(std::floor(x));
  const auto row_at = static_cast<std::ptrdiff_t>(std::floor(y));
  if (kernel == Kernel::nearest)
    return usable(col_at, row_at) ? Expected{true, value(col_at, row_at)} : Expected{};
  if (interpolates(kernel) && !usable(col_at, row_at)) return {};

  const double width = static_cast<double>(span.width);
  const double height = static_cast<double>(span.height);
  const auto reach = [](double covered) {
    return static_cast<std::ptrdiff_t>(4 + 3 * covered);
  };
  double sum = 0;
  double weights = 0;
  std::map<double, double> areas;
  for (auto row = row_at - reach(height); row <= row_at + reach(height); ++row)
    for (auto col = col_at - reach(width); col <= col_at + reach(width); ++col) {
      if (!usable(col, row)) continue;
      const double weight = weight_of(kernel, static_cast<double>(col) + 0.5 - x, width) *
                            weight_of(kernel, static_cast<double>(row) + 0.5 - y, height);
      if (weight == 0) continue;
      sum += weight * value(col, row);
      weights += weight;
      areas[value(col, row)] += weight;
    }
  if (weights == 0) return {};
  if (kernel == Kernel::min) return {true, areas.begin()->first};
  if (kernel == Kernel::max) return {true, areas.rbegin()->first};
  if (kernel == Kernel::mode) {
    double most = 0;
    for (const auto& [seen, area] : areas) most = std::max(most, area);
    const auto first = std::ranges::find_if(
        areas, [&](const auto& each) { return each.second > most - 1e-5; });
    return {true, first->first};
  }
  return {true, sum / weights};
}

template <class T>
double rounded(double value) {
  if constexpr (std::is_floating_point_v<T>) return value;
  return std::clamp(std::floor(value + 0.5),
                    static_cast<double>(std::numeric_limits<T>::lowest()),
                    static_cast<double>(std::numeric_limits<T>::max()));
}

struct Differences {
  std::size_t validity = 0;
  std::size_t covered = 0;
  double value = 0;     // the greatest difference
  double relative = 0;  // to the value
};

template <class T>
Differences compare(const WarpGrid& grid, Kernel kernel, const Source<T>& source) {
  const Image image = warped(grid, kernel, source);
  std::vector<Expected> wanted(image.pixels());
  for (const WarpSpan& span : grid.spans())
    for (std::int32_t i = 0; i < span.count; ++i)
      wanted[static_cast<std::size_t>(span.row) * grid.cols() +
             static_cast<std::size_t>(span.col + i)] =
          expected(source, kernel, as_pixels(span.x + i * span.dx),
                   as_pixels(span.y + i * span.dy), span);
  Differences found;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    found.validity += (image.valid()[i] != 0) != wanted[i].valid;
    found.covered += image.valid()[i];
    const double want = wanted[i].valid ? rounded<T>(wanted[i].value) : 0;
    const double off = std::abs(static_cast<double>(image.values<T>()[i]) - want);
    found.value = std::max(found.value, off);
    if (off > 0) found.relative = std::max(found.relative, off / std::abs(want));
  }
  return found;
}

template <class T>
void check_kernel(const WarpGrid& grid, Kernel kernel, bool holes) {
  const auto source = noise<T>(grid.level_rows(), grid.level_cols(), holes);
  const Differences found = compare(grid, kernel, source);
  CAPTURE(static_cast<int>(kernel));
  CAPTURE(name_of(element_type<T>()));
  CAPTURE(holes);
  CHECK(found.validity == 0);
  CHECK(found.covered > 0);
  if (std::is_floating_point_v<T>)
    CHECK(found.relative <= (interpolates(kernel) && kernel != Kernel::bilinear && holes
                                 ? 1e-5  // weights of both signs cancel
                                 : 1e-6));
  else if (interpolates(kernel) || kernel == Kernel::average)
    CHECK(found.value <= 1);
  else
    CHECK(found.value == 0);
}

std::vector<WarpGrid> grids() {
  const Affine turned{0.9, 0.5, 3, -0.5, 0.9, 20};
  const Affine coarse{3.3, 0.2, -5, -0.1, 2.7, 2};
  const Affine fine{0.21, 0, 4.37, 0, 0.19, 11.2};
  const Affine mirrored{-1.3, 0, 60, 0, -1.7, 64};
  std::vector<WarpGrid> made;
  for (const Affine& affine : {turned, coarse, fine, mirrored})
    made.push_back(plain_grid(affine, 26, 34, 67, 61));
  return made;
}

TEST_CASE_TEMPLATE("kernels make what they say", T, std::uint8_t, std::int8_t,
                   std::uint16_t, std::int16_t, std::uint32_t, std::int32_t,
                   std::uint64_t, std::int64_t, float, double) {
  for (const WarpGrid& grid : grids())
    for (const Kernel kernel : all_kernels)
      for (const bool holes : {false, true}) check_kernel<T>(grid, kernel, holes);
}

TEST_CASE("kernels make what they say from grid to grid") {
  const Affine affine{20, 0, 390'000, 0, -20, 5'820'000};
  const WarpTarget target{
      .box = mercator_box(tile_at({13.4, 52.45}, 12)), .rows = 128, .cols = 128};
  const WarpGrid grid{WarpMap{target, Crs::epsg(32633)}, {affine, 300, 350}};
  for (const bool holes : {false, true}) {
    check_kernel<std::uint16_t>(grid, Kernel::nearest, holes);
    check_kernel<std::uint16_t>(grid, Kernel::bilinear, holes);
    check_kernel<float>(grid, Kernel::bilinear, holes);
    check_kernel<std::uint8_t>(grid, Kernel::cubic, holes);
    check_kernel<std::int16_t>(grid, Kernel::average, holes);
  }
}

TEST_CASE("large reductions") {
  const WarpGrid grid = plain_grid({37.5, 0, -3, 0, 41, 7}, 8, 9, 300, 330);
  check_kernel<std::uint16_t>(grid, Kernel::bilinear, false);
  check_kernel<std::uint16_t>(grid, Kernel::bilinear, true);
  check_kernel<std::uint16_t>(grid, Kernel::average, true);
  check_kernel<std::uint8_t>(grid, Kernel::mode, true);
  const WarpGrid steep = plain_grid({9.3, 7.1, -30, -6.2, 8.7, 90}, 20, 30, 300, 330);
  check_kernel<std::uint16_t>(steep, Kernel::bilinear, true);
  check_kernel<std::uint16_t>(steep, Kernel::lanczos, false);
}

TEST_CASE("sources of one pixel or one line") {
  for (const auto& [rows, cols] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {1, 9}, {9, 1}})
    for (const Kernel kernel : all_kernels) {
      check_kernel<std::uint8_t>(plain_grid({0.3, 0, -1, 0, 0.3, -1}, 40, 40, rows, cols),
                                 kernel, false);
      check_kernel<float>(plain_grid({0.3, 0.1, -1, -0.1, 0.3, 1}, 40, 40, rows, cols),
                          kernel, false);
    }
}

}  // namespace
}  // namespace terrazzo::raster
