#pragma once
// Rasters and pictures for the tests of where pixels lie and what they show.

#include <cmath>
#include <string>
#include <vector>

#include "terrazzo/data/tile_grid.hpp"
#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::raster {

// The level whose pixels are `factor` times as large.
inline WarpLevel reduced(const WarpLevel& full, double factor) {
  const Affine& f = full.affine;
  const auto size = [&](std::size_t count) {
    return static_cast<std::size_t>(std::ceil(static_cast<double>(count) / factor));
  };
  return {{f.a * factor, f.b * factor, f.c, f.d * factor, f.e * factor, f.f},
          size(full.rows),
          size(full.cols)};
}

// The place of every pixel, each transformed by itself.
inline std::vector<Point> exact_places(const WarpTarget& target, const Crs& source,
                                       const Affine& affine) {
  const Box& box = target.box;
  const double width = box.width() / static_cast<double>(target.cols);
  const double height = box.height() / static_cast<double>(target.rows);
  std::vector<Point> places;
  for (std::size_t row = 0; row < target.rows; ++row)
    for (std::size_t col = 0; col < target.cols; ++col)
      places.push_back({box.west + (static_cast<double>(col) + 0.5) * width,
                        box.north - (static_cast<double>(row) + 0.5) * height});
  Transform{target.crs, source}(places);
  const Affine inverse = affine.inverse();
  for (Point& p : places)
    if (std::isfinite(p.x)) p = inverse(p.x, p.y);
  return places;
}

struct Scene {
  std::string crs;
  WarpLevel full;
};

inline WarpTarget tile(Point lonlat, int zoom, std::size_t size = 256) {
  return {.box = mercator_box(tile_at(lonlat, zoom)), .rows = size, .cols = size};
}

// 10 m pixels around a place.
inline Scene scene_at(const std::string& crs, Point lonlat, double resolution = 10,
                      double turn = 0) {
  const Point at = Transform{Crs::wgs84(), Crs::from(crs)}(lonlat);
  const double a = resolution * std::cos(turn);
  const double b = resolution * std::sin(turn);
  Affine affine{a, b, 0, b, -a, 0};
  constexpr std::size_t size = 10'980;
  const Point middle = affine(size / 2.0, size / 2.0);
  affine.c = at.x - middle.x;
  affine.f = at.y - middle.y;
  return {crs, {affine, size, size}};
}

inline constexpr Point berlin{13.4, 52.5};

inline const std::string own_system =
    "+proj=lcc +lat_1=48 +lat_2=53 +lat_0=51 +lon_0=9 +x_0=100000 +ellps=bessel "
    "+units=us-ft";

}  // namespace terrazzo::raster
