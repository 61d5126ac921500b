// warp() against the values at the exact place of every pixel.

#include <cmath>

#include <doctest/doctest.h>

#include "terrazzo/raster/warp_kernels.hpp"
#include "terrazzo/raster/warp_samples.hpp"
#include "terrazzo/raster/warp_scenes.hpp"

namespace terrazzo::raster {
namespace {

// Values of a plane in pixels of a level: interpolation adds nothing to what positions
// are off by, so that a value may be off by |gradient| * 0.125 and rounding. Rounded
// source values of 16 bits are off by 0.5 once more.
constexpr Point gradient{3, -2};
constexpr double off_by_position = 0.125 * 3.6055512754639896;  // |gradient|
constexpr double middle = 30'000;

double plane(const WarpLevel& level, const Point& at) {
  return middle + gradient.x * (at.x - static_cast<double>(level.cols) / 2) +
         gradient.y * (at.y - static_cast<double>(level.rows) / 2);
}

template <class T>
Source<T> window_of(const WarpLevel& level, const SourceWindow& window) {
  Source<T> source{window.rows, window.cols, {}};
  for (std::size_t i = 0; i < window.rows * window.cols; ++i) {
    const Point centre{
        static_cast<double>(window.col) + static_cast<double>(i % window.cols) + 0.5,
        static_cast<double>(window.row) + static_cast<double>(i / window.cols) + 0.5};
    source.values.push_back(to_element<T>(plane(level, centre)));
  }
  return source;
}

// Is the whole kernel inside the level?
bool is_inside(const WarpLevel& level, const Point& at, double reach) {
  return at.x > reach && at.x < static_cast<double>(level.cols) - reach && at.y > reach &&
         at.y < static_cast<double>(level.rows) - reach;
}

// What a kernel adds to the error of the position, in values.
double own_error(Kernel kernel) {
  // Of these two a value is that of whole pixels: half a pixel each way.
  const bool of_pixels = kernel == Kernel::nearest || kernel == Kernel::average;
  return of_pixels ? 0.5 * (3 + 2) : 0;
}

// The number of pixels compared.
template <class T>
std::size_t check_values(const Scene& scene, const WarpTarget& target, Kernel kernel) {
  const Crs crs = Crs::from(scene.crs);
  const WarpMap map{target, crs, 0};
  const auto scale = pixel_scale(map, scene.full);
  REQUIRE(scale);
  const double factor = std::exp2(std::floor(std::log2(std::max(scale->finer(), 1.0))));
  const WarpLevel level = reduced(scene.full, factor);
  const WarpGrid grid{map, level};
  const SourceWindow window = window_for(grid, kernel);
  const Source<T> source = window_of<T>(level, window);
  BlockView view = source.view();
  view.col = window.col;
  view.row = window.row;
  Image image{element_type<T>(), 1, target.rows, target.cols};
  if (!window.empty()) warp(grid, kernel, view, image);

  const double rounding = std::is_integral_v<T> ? 1.0 : 0.01;
  const double allowed = off_by_position + own_error(kernel) + rounding;
  const auto exact = exact_places(target, crs, level.affine);
  std::size_t compared = 0;
  double worst = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (window.empty() || !is_inside(level, exact[i], 8)) continue;
    REQUIRE(image.valid()[i] == 1);
    const double error =
        static_cast<double>(image.values<T>()[i]) - plane(level, exact[i]);
    worst = std::max(worst, std::abs(error));
    ++compared;
  }
  CAPTURE(scene.crs);
  CAPTURE(target.box.west);
  CAPTURE(static_cast<int>(kernel));
  CHECK(worst <= allowed);
  return compared;
}

constexpr std::array interpolating{Kernel::nearest, Kernel::bilinear, Kernel::cubic,
                                   Kernel::average};

std::size_t check_all(const Scene& scene, const WarpTarget& target) {
  std::size_t compared = 0;
  for (const Kernel kernel : interpolating) {
    compared += check_values<std::uint16_t>(scene, target, kernel);
    compared += check_values<float>(scene, target, kernel);
  }
  return compared;
}

TEST_CASE("values are those of the exact places up to an eighth of a pixel's way") {
  const std::vector<Scene> scenes{
      scene_at("EPSG:4326", berlin, 1e-4), scene_at("EPSG:3857", berlin),
      scene_at("EPSG:32633", berlin),      scene_at("EPSG:32633", berlin, 10, 0.6),
      scene_at("EPSG:3035", berlin),       scene_at(own_system, berlin, 30)};
  for (const Scene& scene : scenes)
    for (const int zoom : {10, 13, 15})
      CHECK(check_all(scene, tile(berlin, zoom, 96)) > 1000);
}

TEST_CASE("values near the poles are those of the exact places") {
  for (const double longitude : {-170.0, 100.0})
    for (const int zoom : {7, 11}) {
      CHECK(check_all(scene_at("EPSG:3413", {longitude, 82}, 100),
                      tile({longitude, 82}, zoom, 96)) > 1000);
      CHECK(check_all(scene_at("EPSG:3031", {longitude, -82}, 100),
                      tile({longitude, -82}, zoom, 96)) > 1000);
    }
}

TEST_CASE("a source of one pixel fills the pixels that lie in it") {
  const Scene scene{"EPSG:32633", {{5000, 0, 390'000, 0, -5000, 5'820'000}, 1, 1}};
  const WarpTarget target{{390'000, 5'815'000, 395'000, 5'820'000},
                          Crs::epsg(32632),  // the neighbouring zone
                          30,
                          30};
  const WarpTarget shifted{Transform{Crs::epsg(32633), target.crs}(target.box),
                           target.crs, 30, 30};
  const WarpGrid grid{WarpMap{shifted, Crs::epsg(32633)}, scene.full};
  const Source<float> source{1, 1, {5}};
  const auto exact = exact_places(shifted, Crs::epsg(32633), scene.full.affine);
  for (const Kernel kernel : all_kernels) {
    CAPTURE(static_cast<int>(kernel));
    const Image image = warped(grid, kernel, source);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
      const bool inside = is_inside(scene.full, exact[i], 0.001);
      if (inside) wrong += image.valid()[i] != 1 || image.values<float>()[i] != 5;
      if (!is_inside(scene.full, exact[i], -0.001)) wrong += image.valid()[i] != 0;
    }
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace terrazzo::raster
