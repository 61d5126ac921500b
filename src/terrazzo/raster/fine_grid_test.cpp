#include "terrazzo/raster/fine_grid.hpp"

#include <cmath>

#include <doctest/doctest.h>

namespace terrazzo::raster {
namespace {

WarpTarget picture_of(double west, double north, double pixel, std::size_t side = 256) {
  const double length = pixel * static_cast<double>(side);
  return {{west, north - length, west + length, north}, Crs::web_mercator(), side, side};
}

TEST_CASE("a raster's pixels have the size that GDAL suggests") {
  const WarpLevel level{{10, 0, 399'960, 0, -10, 5'900'040}, 1024, 1024};
  const auto pixel = native_pixel(level, Crs::epsg(32633), Crs::web_mercator());
  REQUIRE(pixel);
  CHECK(*pixel == doctest::Approx(16.680263819835176).epsilon(1e-12));
  // The poles have no place in it.
  CHECK_FALSE(
      native_pixel({{1, 0, -180, 0, -1, 91}, 182, 360}, Crs::wgs84(), Crs::epsg(3413)));
}

TEST_CASE("a picture finer than the raster is its own grid") {
  for (const double pixel : {2.0, 10.0 - 1e-9, 10.0}) {
    const FineGrid grid = fine_grid(picture_of(0, 0, pixel), 10, {});
    CHECK(grid.is_picture);
    CHECK(grid.target.rows == 256);
    CHECK(grid.target.box.west == 0);
  }
}

TEST_CASE("a picture on the pixels of an overview is its own grid") {
  CHECK(fine_grid(picture_of(0, 0, 20), 10, {2, 2}).is_picture);
  CHECK(fine_grid(picture_of(0, 0, 40), 10, {4, 4}).is_picture);
  CHECK(fine_grid(picture_of(0, 0, 80), 10, {8, 8}).is_picture);
}

TEST_CASE("a finer grid lies over the picture and two pixels around it") {
  const WarpTarget picture = picture_of(1000, 5000, 23.7);
  const FineGrid grid = fine_grid(picture, 10, {2, 2});
  REQUIRE_FALSE(grid.is_picture);
  const Box& box = grid.target.box;
  const double cell = box.width() / static_cast<double>(grid.target.cols);
  CHECK(cell == doctest::Approx(20).epsilon(0.01));
  CHECK(grid.target.cols == 306);  // (607 + 4) / 2, half up
  CHECK(box.west + grid.cols.start * cell == doctest::Approx(1000));
  CHECK(box.west + (grid.cols.start + 256 * grid.cols.step) * cell ==
        doctest::Approx(picture.box.east));
  CHECK(box.north - grid.rows.start * cell == doctest::Approx(5000));
  CHECK(1000 - box.west == doctest::Approx(2 * 10).epsilon(0.01));
}

TEST_CASE("a side is drawn at its own resolution where only the other one is coarse") {
  const WarpTarget flat{{0, 0, 256 * 5, 256 * 30}, Crs::web_mercator(), 256, 256};
  const FineGrid grid = fine_grid(flat, 10, {});
  REQUIRE_FALSE(grid.is_picture);
  CHECK(grid.target.cols == 260);
  CHECK(grid.cols.step == 1);
  CHECK(grid.rows.step == 3);
}

TEST_CASE("what is far too fine is not drawn first") {
  const FineGrid grid = fine_grid(picture_of(0, 0, 500), 10, {});
  CHECK(grid.is_picture);
  CHECK(grid.target.cols == 256);
}

TEST_CASE("some rows of a picture need some rows of the grid") {
  const FineGrid grid = fine_grid(picture_of(0, 0, 33), 10, {});
  const double cell = grid.target.box.height() / static_cast<double>(grid.target.rows);
  for (const Kernel kernel : {Kernel::nearest, Kernel::average, Kernel::cubic})
    for (const std::size_t first : {0, 100, 250}) {
      const FineGrid part = rows_of(grid, first, 6, kernel);
      // the same place, counted from another row
      const auto at = [&](const FineGrid& of, double row) {
        return of.target.box.north - (of.rows.start + row * of.rows.step) * cell;
      };
      CHECK(at(part, 0) ==
            doctest::Approx(at(grid, static_cast<double>(first))).epsilon(1e-12));
      CHECK(part.target.rows < 60);
      const double reach = kernel == Kernel::cubic ? 2 * grid.rows.step : 0;
      const double south = at(part, 6) - reach * cell;
      CHECK(part.target.box.south <= std::max(south, grid.target.box.south) + 1e-6);
      CHECK(part.target.box.height() ==
            doctest::Approx(cell * static_cast<double>(part.target.rows)));
    }
}

}  // namespace
}  // namespace terrazzo::raster
