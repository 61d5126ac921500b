// Rasters placed by ground control points, read by both readers.

#include <doctest/doctest.h>

#include <gdal_priv.h>

#include <cmath>

#include "terrazzo/base/error.hpp"
#include "terrazzo/formats/gdal_opener.hpp"
#include "terrazzo/formats/samples.hpp"
#include "terrazzo/io/tiff_opener.hpp"

using namespace terrazzo;
using namespace terrazzo::formats;

namespace {

constexpr Affine turned{10, 3, 400'000, 2, -9, 5'900'000};

// A GeoTIFF of 40 x 60 pixels without an affine, but with points on a turned grid; the
// last of them `off` metres beside it.
std::string write_points(const SampleFolder& folder, double off) {
  const std::string path = folder / "points.tif";
  write_sample(path, {.rows = 40, .cols = 60, .affine = std::nullopt, .crs = ""});
  std::vector<GDAL_GCP> points;
  std::string id = "1";
  std::string info;
  for (const Point pixel : {Point{0, 0}, Point{60, 0}, Point{0, 40}, Point{33.5, 21}}) {
    const Point place = turned(pixel.x, pixel.y);
    points.push_back({id.data(), info.data(), pixel.x, pixel.y, place.x, place.y, 0});
  }
  points.back().dfGCPX += off;
  OGRSpatialReference system;
  system.importFromEPSG(32633);
  GDALDataset* dataset = GDALDataset::Open(path.c_str(), GDAL_OF_UPDATE);
  REQUIRE(dataset != nullptr);
  CHECK(dataset->SetGCPs(static_cast<int>(points.size()), points.data(), &system) ==
        CE_None);
  GDALClose(dataset);
  return path;
}

bool is_near(const Affine& a, const Affine& b) {
  for (const Point at : {Point{0, 0}, Point{60, 40}}) {
    const Point p = a(at.x, at.y);
    const Point q = b(at.x, at.y);
    if (std::hypot(p.x - q.x, p.y - q.y) > 1e-3) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("control points on a grid place a raster, for both readers") {
  const SampleFolder folder;
  const std::string path = write_points(folder, 0);
  const auto ours = io::tiff_opener()->open(path);
  const auto gdal = gdal_opener()->open(path);
  CHECK(is_near(ours->info().affine, turned));
  CHECK(is_near(gdal->info().affine, turned));
  REQUIRE(ours->info().crs);
  REQUIRE(gdal->info().crs);
  CHECK(ours->info().crs->epsg_code() == 32633);
  CHECK(*ours->info().crs == *gdal->info().crs);
  const Box box =
      Transform{Crs::epsg(32633), Crs::web_mercator()}(bounds_of(turned, 40, 60));
  const auto drawn = ours->read_warped({.box = box, .rows = 128, .cols = 128});
  const auto exact = gdal->read_warped({.box = box, .rows = 128, .cols = 128});
  REQUIRE(drawn);
  REQUIRE(exact);
  std::size_t differing = 0;
  for (std::size_t i = 0; i < drawn->pixels(); ++i)
    differing += drawn->valid()[i] != exact->valid()[i];
  CHECK(differing < 128 * 128 / 100);
}

TEST_CASE("control points that lie on no grid place nothing") {
  const SampleFolder folder;
  const std::string path = write_points(folder, 20);
  CHECK_THROWS_WITH_AS(io::tiff_opener()->open(path),
                       doctest::Contains("4 ground control points"), Error);
  CHECK_FALSE(gdal_opener()->open(path)->info().crs);
}
