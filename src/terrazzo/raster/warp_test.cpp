#include "terrazzo/raster/warp.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/warp_samples.hpp"

namespace terrazzo::raster {
namespace {

TEST_CASE("where the grids coincide the pixels stay as they are") {
  const auto source = noise<std::uint16_t>(40, 60, true);
  const WarpGrid grid = plain_grid({1, 0, 13, 0, 1, 9}, 20, 30, 40, 60);
  for (const Kernel kernel : all_kernels) {
    CAPTURE(static_cast<int>(kernel));
    const Image image = warped(grid, kernel, source);
    std::size_t wrong = 0;
    for (std::size_t row = 0; row < 20; ++row)
      for (std::size_t col = 0; col < 30; ++col) {
        const std::size_t from = (row + 9) * 60 + col + 13;
        const std::size_t to = row * 30 + col;
        wrong += image.valid()[to] != source.valid[from];
        wrong += image.values<std::uint16_t>()[to] !=
                 (source.valid[from] != 0 ? source.values[from] : 0);
      }
    CHECK(wrong == 0);
  }
}

TEST_CASE("the last digits of a transformation move no pixel") {
  // By way of longitudes and latitudes, whose numbers are not round.
  const Crs utm = Crs::epsg(32633);
  const Crs same = Crs::from(
      "+proj=tmerc +lat_0=0 +lon_0=15 +k=0.9996 +x_0=500000 "
      "+y_0=0 +datum=WGS84");
  const auto source = noise<std::uint16_t>(300, 300);
  const WarpTarget target{{400'010, 5'800'000, 402'570, 5'802'560}, same};
  const WarpGrid grid{WarpMap{target, utm},
                      {{10, 0, 400'000, 0, -10, 5'802'580}, 300, 300}};
  for (const Kernel kernel : {Kernel::nearest, Kernel::bilinear, Kernel::average}) {
    const Image image = warped(grid, kernel, source);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < image.pixels(); ++i)
      wrong += image.values<std::uint16_t>()[i] !=
               source.values[(i / 256 + 2) * 300 + i % 256 + 1];
    CHECK(wrong == 0);
  }
}

TEST_CASE("the average of four pixels is their mean, half up") {
  const Source<std::uint8_t> source{2, 4, {1, 2, 255, 255, 3, 4, 255, 254}};
  const WarpGrid grid = plain_grid({2, 0, 0, 0, 2, 0}, 1, 2, 2, 4);
  const Image image = warped(grid, Kernel::average, source);
  CHECK(image.values<std::uint8_t>()[0] == 3);    // 2.5
  CHECK(image.values<std::uint8_t>()[1] == 255);  // 254.75
  Source<std::uint8_t> half = source;
  half.valid = {0, 1, 0, 0, 0, 1, 0, 0};
  const Image left = warped(grid, Kernel::average, half);
  CHECK(left.values<std::uint8_t>()[0] == 3);
  CHECK(left.valid()[0] == 1);
  CHECK(left.valid()[1] == 0);
}

TEST_CASE("a constant with a hole stays constant at the hole") {
  constexpr float wild = std::numeric_limits<float>::quiet_NaN();
  Source<float> source{60, 60, std::vector<float>(3600, 42),
                       std::vector<std::uint8_t>(3600, 1)};
  for (std::size_t row = 20; row < 35; ++row)
    for (std::size_t col = 25; col < 41; ++col) {
      source.values[row * 60 + col] = wild;
      source.valid[row * 60 + col] = 0;
    }
  for (const Affine& shows :
       {Affine{0.7, 0.1, 1, -0.1, 0.8, 7}, Affine{2.2, 0, 0, 0, 2.1, 0}})
    for (const Kernel kernel : all_kernels) {
      CAPTURE(static_cast<int>(kernel));
      const WarpGrid grid = plain_grid(shows, 60, 60, 60, 60);
      const Image image = warped(grid, kernel, source);
      std::size_t wrong = 0;
      std::size_t holes = 0;
      for (std::size_t i = 0; i < image.pixels(); ++i) {
        const float value = image.values<float>()[i];
        const bool right =
            image.valid()[i] != 0 ? std::abs(value - 42) < 1e-4F : value == 0;
        wrong += right ? 0 : 1;
        holes += image.valid()[i] == 0;
      }
      CHECK(wrong == 0);
      CHECK(holes > 10);
    }
}

TEST_CASE("at the raster's edge the outer pixels reach to its end") {
  const Source<std::uint16_t> source{1, 2, {100, 200}};
  const WarpGrid grid = plain_grid({0.25, 0, -0.5, 0, 1, 0}, 1, 12, 1, 2);
  const Image image = warped(grid, Kernel::bilinear, source);
  const std::vector<std::uint16_t> want{0,   0,   100, 100, 113, 138,
                                        163, 188, 200, 200, 0,   0};
  CHECK(std::ranges::equal(image.values<std::uint16_t>(), want));
  for (std::size_t i = 0; i < 12; ++i)
    CHECK(image.valid()[i] == (i > 1 && i < 10 ? 1 : 0));
}

TEST_CASE("a tile far outside gives nothing") {
  const Source<std::uint16_t> source = noise<std::uint16_t>(10, 10);
  const WarpGrid grid = plain_grid({1, 0, 1e6, 0, 1, -1e7}, 20, 20, 10, 10);
  for (const Kernel kernel : all_kernels) {
    CHECK(window_for(grid, kernel).empty());
    Image image{ElementType::uint16, 1, 20, 20};
    std::ranges::fill(image.values<std::uint16_t>(), std::uint16_t{7});
    warp(grid, kernel, source.view(), image);
    CHECK(std::ranges::count(image.valid(), 0) == 400);
    CHECK(std::ranges::count(image.values<std::uint16_t>(), 0) == 400);
  }
}

TEST_CASE("the window is what is needed and no more") {
  const WarpGrid grid = plain_grid({1, 0, 13, 0, 1, 9}, 20, 30, 100, 100);
  CHECK(window_for(grid, Kernel::nearest) == SourceWindow{13, 9, 30, 20});
  const SourceWindow bilinear = window_for(grid, Kernel::bilinear);
  CHECK(bilinear == SourceWindow{13, 9, 31, 21});
  const SourceWindow lanczos = window_for(grid, Kernel::lanczos);
  CHECK(lanczos == SourceWindow{10, 6, 37, 27});
  const WarpGrid corner = plain_grid({1, 0, -5, 0, 1, 90}, 20, 30, 100, 100);
  CHECK(window_for(corner, Kernel::lanczos) == SourceWindow{0, 87, 29, 13});
}

TEST_CASE("pixels that the view lacks are beyond the edge") {
  const auto source = noise<std::uint16_t>(50, 50);
  const WarpGrid grid = plain_grid({0.8, 0.1, 2, -0.1, 0.9, 6}, 50, 50, 50, 50);
  for (const Kernel kernel : all_kernels) {
    const Cut<std::uint16_t> part = cut(source, {20, 25, 10, 7});
    Image image{ElementType::uint16, 1, 50, 50};
    warp(grid, kernel, part.view, image);
    const auto valid = std::ranges::count(image.valid(), 1);
    CHECK(valid > 40);
    CHECK(valid < 250);
  }
}

TEST_CASE("bands share their validity") {
  Source<std::uint8_t> red = noise<std::uint8_t>(10, 10);
  Source<std::uint8_t> green = noise<std::uint8_t>(10, 10);
  red.valid.assign(100, 1);
  green.valid.assign(100, 1);
  red.valid[11] = 0;
  green.valid[22] = 0;
  const WarpGrid grid = plain_grid({1, 0, 0, 0, 1, 0}, 10, 10, 10, 10);
  Image image{ElementType::uint8, 2, 10, 10};
  warp(grid, Kernel::nearest, red.view(), image, 0);
  warp(grid, Kernel::nearest, green.view(), image, 1);
  CHECK(std::ranges::count(image.valid(), 0) == 2);
  CHECK(image.valid()[11] == 0);
  CHECK(image.valid()[22] == 0);
  CHECK(image.values<std::uint8_t>(1)[11] == green.values[11]);
}

// The world in pixels of a degree, whose values go up to the east.
Source<std::uint16_t> world() {
  Source<std::uint16_t> source{180, 360, {}};
  for (std::size_t i = 0; i < 180 * 360; ++i)
    source.values.push_back(static_cast<std::uint16_t>(i % 360 * 100));
  return source;
}
constexpr Affine world_affine{1, 0, -180, 0, -1, 90};

TEST_CASE("the antimeridian leaves no seam") {
  const WarpTarget target{{177, -8, -175, 8}, Crs::wgs84(), 64, 32};
  const WarpGrid grid{WarpMap{target, Crs::wgs84(), 360}, {world_affine, 180, 360}};
  REQUIRE(grid.wraps());
  const SourceWindow window = window_for(grid, Kernel::bilinear);
  CHECK(window.cols <= 10);
  const Image image = warped(grid, Kernel::bilinear, world());
  CHECK(std::ranges::count(image.valid(), 1) == 64 * 32);
  // A quarter of a degree a pixel: from 177.125 to 180 and on to -175.125.
  CHECK(image.values<std::uint16_t>()[0] == 35'663);  // 356.625 columns
  CHECK(image.values<std::uint16_t>()[31] == 438);    // 4.375 columns
  const auto left = image.values<std::uint16_t>()[11];
  const auto right = image.values<std::uint16_t>()[12];
  CHECK(left == 22'438);   // 5/8 of column 359 and 3/8 of column 0
  CHECK(right == 13'463);  // the other way round
}

TEST_CASE("the pole is in the picture") {
  const WarpTarget target{
      {-1'000'000, -1'000'000, 1'000'000, 1'000'000}, Crs::epsg(3413), 100, 100};
  const WarpGrid grid{WarpMap{target, Crs::wgs84(), 360}, {world_affine, 180, 360}};
  Source<std::uint16_t> source{180, 360, {}};
  for (std::size_t i = 0; i < 180 * 360; ++i)
    source.values.push_back(static_cast<std::uint16_t>(1000 + i / 360));
  for (const Kernel kernel : all_kernels) {
    CAPTURE(static_cast<int>(kernel));
    const Image image = warped(grid, kernel, source);
    CHECK(std::ranges::count(image.valid(), 1) == 100 * 100);
    CHECK(image.values<std::uint16_t>()[50 * 100 + 50] == 1000);  // the northernmost row
    CHECK(image.values<std::uint16_t>()[0] > 1010);
  }
}

TEST_CASE("what does not fit is refused") {
  const auto source = noise<std::uint8_t>(10, 10);
  const WarpGrid grid = plain_grid({1, 0, 0, 0, 1, 0}, 10, 10, 10, 10);
  Image wrong_size{ElementType::uint8, 1, 10, 11};
  CHECK_THROWS_WITH_AS(warp(grid, Kernel::nearest, source.view(), wrong_size),
                       doctest::Contains("10 x 11"), Error);
  Image wrong_type{ElementType::int16, 1, 10, 10};
  CHECK_THROWS_WITH_AS(warp(grid, Kernel::nearest, source.view(), wrong_type),
                       doctest::Contains("int16"), Error);
  Image image{ElementType::uint8, 1, 10, 10};
  CHECK_THROWS_AS(warp(grid, Kernel::nearest, source.view(), image, 1), Error);
}

}  // namespace
}  // namespace terrazzo::raster
