#pragma once
// Where things are: points, boxes, affines, polygons, reference systems.

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace terrazzo {

struct Point {
  double x = 0;  // easting or longitude
  double y = 0;  // northing or latitude
  bool operator==(const Point&) const = default;
};

// In the unit of its reference system; west > east only across the antimeridian.
struct Box {
  double west = 0;
  double south = 0;
  double east = 0;
  double north = 0;
  double width() const noexcept { return east - west; }
  double height() const noexcept { return north - south; }
  bool operator==(const Box&) const = default;
};

// (col, row) -> (a*col + b*row + c, d*col + e*row + f); the order of rasterio.
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
  Point operator()(double col, double row) const noexcept {
    return {a * col + b * row + c, d * col + e * row + f};
  }
  bool is_north_up() const noexcept { return b == 0 && d == 0; }
  // Throws invalid_input: the affine is singular.
  Affine inverse() const;
  bool operator==(const Affine&) const = default;
};

// The box around a rows x cols grid under its affine, whatever its rotation.
Box bounds_of(const Affine& affine, std::size_t rows, std::size_t cols);

using Ring = std::vector<Point>;  // closed: the first point again at the end

struct Polygon {
  std::vector<Ring> rings;  // the outer one first
  bool operator==(const Polygon&) const = default;
};

// A reference system. Immutable, cheap to copy, safe from any thread. Coordinates
// are always x, y (easting, northing or longitude, latitude), whatever the
// authority's axis order.
class Crs {
 public:
  // text: "EPSG:32633", WKT 1 or 2, PROJJSON or a PROJ string.
  // Throws invalid_input: PROJ does not know it.
  static Crs from(std::string_view text);
  static Crs epsg(int code);
  static const Crs& wgs84();         // EPSG:4326
  static const Crs& web_mercator();  // EPSG:3857

  const std::string& wkt() const noexcept;  // WKT 2
  std::string name() const;                 // "WGS 84 / UTM zone 33N"
  std::optional<int> epsg_code() const;     // if it has one
  bool is_geographic() const noexcept;
  bool operator==(const Crs& other) const;  // same system, axis order aside

 private:
  friend class Transform;
  struct Data;
  explicit Crs(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// From one reference system to another. Safe from any thread. The first use of a pair of
// systems costs milliseconds, and again for as many threads as use it at once.
class Transform {
 public:
  Transform(Crs from, Crs to);
  // In place. Points that cannot be transformed become infinite.
  void operator()(std::span<Point> points) const;
  Point operator()(Point point) const;
  // The box around the transformed outline, each edge cut in `densify` + 1 pieces,
  // as rasterio.warp.transform_bounds(densify_pts=21).
  // Throws invalid_input: no point of the box can be transformed.
  Box operator()(const Box& box, int densify = 21) const;

 private:
  Crs from_;
  Crs to_;
};

}  // namespace terrazzo
