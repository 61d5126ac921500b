#include "terrazzo/io/warped_read.hpp"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::io {
namespace {

// A raster of EPSG:3857 with pixels of 10 m from (0, 0) to the south-east, whose values
// are made when they are read; reduced by 2, 4 … to each of the levels.
template <class T>
struct Scene {
  RasterInfo info;
  std::vector<RasterLevel> levels;
  // of the place (x, y), in pixels of the raster from its corner
  std::function<double(double x, double y)> value;
  std::function<bool(double x, double y)> valid = [](double, double) { return true; };
  mutable std::vector<std::size_t> read{};  // levels
  std::size_t most_pixels = std::size_t{1} << 24U;

  Scene(std::size_t rows, std::size_t cols, int level_count,
        std::function<double(double, double)> values)
      : value(std::move(values)) {
    info.rows = rows;
    info.cols = cols;
    info.affine = {10, 0, 0, 0, -10, 0};
    info.crs = Crs::web_mercator();
    for (int i = 0; i < level_count; ++i)
      levels.push_back(
          {std::max<std::size_t>(rows >> i, 1), std::max<std::size_t>(cols >> i, 1)});
  }

  Image pixels(std::size_t level, const Window& window) const {
    read.push_back(level);
    const double across =
        static_cast<double>(info.cols) / static_cast<double>(levels[level].cols);
    const double down =
        static_cast<double>(info.rows) / static_cast<double>(levels[level].rows);
    Image image{element_type<T>(), 1, window.rows, window.cols};
    for (std::size_t i = 0; i < image.pixels(); ++i) {
      const double x = (static_cast<double>(window.col + i % window.cols) + 0.5) * across;
      const double y = (static_cast<double>(window.row + i / window.cols) + 0.5) * down;
      image.valid()[i] = valid(x, y) ? 1 : 0;
      image.values<T>()[i] = static_cast<T>(value(x, y));
    }
    return image;
  }

  std::optional<Image> picture(const WarpedRead& request) const {
    const Box native = bounds_of(info.affine, info.rows, info.cols);
    const LevelReader reader{
        .info = info,
        .type = element_type<T>(),
        .levels = levels,
        .bounds = Transform{*info.crs, request.crs}(native),
        .world = raster::world_width(*info.crs),
        .read = [&](std::size_t level,
                    const Window& window) { return pixels(level, window); },
        .most_pixels = most_pixels};
    return read_warped(reader, request, {});
  }
};

// Pixels of Scene.
Box box(double col, double row, double cols, double rows) {
  return {col * 10, -(row + rows) * 10, (col + cols) * 10, -row * 10};
}

double plane(double x, double y) { return 100 + 2 * x + 3 * y; }

TEST_CASE("pictures hold the values of the places they show, at any scale") {
  const Scene<double> scene{1000, 1000, 3, plane};
  for (const double scale : {0.3, 1.0, 1.3, 2.0, 2.9, 4.0, 7.3, 15.0}) {
    CAPTURE(scale);
    const auto image = scene.picture(
        {.box = box(100.4, 100.7, 40 * scale, 30 * scale), .rows = 30, .cols = 40});
    REQUIRE(image);
    for (std::size_t i = 0; i < image->pixels(); ++i) {
      const double x = 100.4 + (static_cast<double>(i % 40) + 0.5) * scale;
      const double y = 100.7 + (static_cast<double>(i / 40) + 0.5) * scale;
      REQUIRE(image->valid()[i] == 1);
      // Averages of whole pixels are off by up to an eighth of one.
      const double pixel = scale < 2 ? 1 : scale < 4 ? 2 : 4;
      REQUIRE(std::abs(image->values<double>()[i] - plane(x, y)) <=
              (2 + 3) * (0.125 * pixel) + 0.01);
    }
  }
}

TEST_CASE("the level read is the one just finer than the picture") {
  const Scene<float> scene{1000, 1000, 3, plane};
  const auto level = [&](double scale) {
    scene.read.clear();
    scene.picture({.box = box(10, 10, 50 * scale, 50 * scale), .rows = 50, .cols = 50});
    return scene.read.front();
  };
  CHECK(level(0.5) == 0);
  CHECK(level(1.9) == 0);
  CHECK(level(2) == 1);
  CHECK(level(3.9) == 1);
  CHECK(level(9) == 2);
}

TEST_CASE("holes stay where they are and darken nothing around them") {
  Scene<float> scene{600, 600, 1, [](double, double) { return 42.0; }};
  const auto hole = [](double x, double y) { return std::hypot(x - 300, y - 300) < 100; };
  scene.valid = [&](double x, double y) { return !hole(x, y); };
  for (const double scale : {0.7, 1.6, 5.0}) {
    const auto side = static_cast<std::size_t>(500 / scale);
    const auto image =
        scene.picture({.box = box(50, 50, 500, 500), .rows = side, .cols = side});
    REQUIRE(image);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < image->pixels(); ++i) {
      const double x =
          50 + (static_cast<double>(i % side) + 0.5) * 500 / static_cast<double>(side);
      const double y =
          50 + (static_cast<double>(i / side) + 0.5) * 500 / static_cast<double>(side);
      const bool valid = image->valid()[i] != 0;
      if (valid && std::abs(image->values<float>()[i] - 42) > 1e-4) ++wrong;
      const double from_edge = std::abs(std::hypot(x - 300, y - 300) - 100);
      if (from_edge > 1.5 && valid == hole(x, y)) ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("nearest pixels are pixels of the raster") {
  const Scene<std::int32_t> scene{500, 500, 1, [](double x, double y) {
                                    return std::floor(x) * 1000 + std::floor(y);
                                  }};
  const auto image = scene.picture({.box = box(3, 4, 450, 450),
                                    .rows = 100,
                                    .cols = 100,
                                    .resampling = Resampling::nearest,
                                    .reprojection = Resampling::nearest});
  REQUIRE(image);
  for (std::size_t i = 0; i < image->pixels(); ++i) {
    const double x = std::floor(3 + (static_cast<double>(i % 100) + 0.5) * 4.5);
    const double y = std::floor(4 + (static_cast<double>(i / 100) + 0.5) * 4.5);
    const auto value = image->values<std::int32_t>()[i];
    REQUIRE(std::abs(value / 1000 - x) <= 1);
    REQUIRE(std::abs(value % 1000 - y) <= 1);
  }
}

TEST_CASE("a picture of more pixels than are held at once is the same") {
  Scene<double> scene{400, 400, 1, plane};
  const WarpedRead request{.box = box(20.3, 20.4, 330, 330), .rows = 50, .cols = 50};
  const auto whole = scene.picture(request);
  REQUIRE(whole);
  CHECK(scene.read.size() == 1);
  scene.most_pixels = 5'000;
  const auto parts = scene.picture(request);
  REQUIRE(parts);
  CHECK(scene.read.size() > 20);
  CHECK(std::ranges::equal(whole->valid(), parts->valid()));
  for (std::size_t i = 0; i < whole->pixels(); ++i)
    REQUIRE(parts->values<double>()[i] ==
            doctest::Approx(whole->values<double>()[i]).epsilon(1e-5));
}

TEST_CASE("a row of more pixels than memory is there for is refused before it is read") {
  Scene<double> scene{400, 400, 1, plane};
  scene.most_pixels = 1'000;
  try {
    scene.picture({.box = box(0, 0, 400, 400), .rows = 1, .cols = 1});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::too_large);
  }
  CHECK(scene.read.empty());
}

TEST_CASE("a raster of one pixel") {
  const Scene<std::uint8_t> scene{1, 1, 1, [](double, double) { return 7.0; }};
  for (const double scale : {0.1, 1.0, 1.7}) {
    const double edge = 0.5 - 1.5 * scale;
    const auto image = scene.picture(
        {.box = box(edge, edge, 3 * scale, 3 * scale), .rows = 3, .cols = 3});
    REQUIRE(image);
    CHECK(image->valid()[4] == 1);
    CHECK(image->values<std::uint8_t>()[4] == 7);
    CHECK(std::ranges::count(image->valid(), 1) == (scale == 0.1 ? 9 : 1));
  }
}

TEST_CASE("a picture elsewhere is empty, one mostly elsewhere is none") {
  const Scene<std::uint8_t> scene{100, 100, 1, [](double, double) { return 7.0; }};
  const auto beside = scene.picture({.box = box(500, 0, 100, 100)});
  REQUIRE(beside);
  CHECK(std::ranges::count(beside->valid(), 1) == 0);
  CHECK_FALSE(scene.picture({.box = box(0, 0, 2000, 2000)}));
}

TEST_CASE("where the pixels of a system differ in size the local one counts") {
  // The globe from above the pole: pixels near it are small in Mercator, others are not.
  Scene<float> scene{4000, 4000, 1, plane};
  scene.info.crs = Crs::epsg(3413);
  scene.info.affine = {1000, 0, -2'000'000, 0, -1000, 2'000'000};
  const Transform to_native{Crs::web_mercator(), *scene.info.crs};
  const Point middle = Transform{Crs::wgs84(), Crs::web_mercator()}(Point{100, 82});
  const double side = 40'000;
  const Box around{middle.x - side, middle.y - side, middle.x + side, middle.y + side};
  const auto image = scene.picture({.box = around, .rows = 64, .cols = 64});
  REQUIRE(image);
  for (const std::size_t i : {0, 63, 2080, 4095}) {
    const Point at =
        to_native(Point{around.west + (static_cast<double>(i % 64) + 0.5) * side / 32,
                        around.north - (static_cast<double>(i / 64) + 0.5) * side / 32});
    const double x = (at.x + 2'000'000) / 1000;
    const double y = (2'000'000 - at.y) / 1000;
    CHECK(image->values<float>()[i] == doctest::Approx(plane(x, y)).epsilon(1e-3));
  }
}

TEST_CASE("a picture without pixels is the caller's mistake") {
  const Scene<std::uint8_t> scene{10, 10, 1, [](double, double) { return 7.0; }};
  CHECK_THROWS_AS(scene.picture({.box = box(0, 0, 10, 10), .rows = 0}), Error);
}

}  // namespace
}  // namespace terrazzo::io
