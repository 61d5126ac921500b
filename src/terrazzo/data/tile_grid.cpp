#include "terrazzo/data/tile_grid.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

#include "terrazzo/base/error.hpp"

namespace terrazzo {
namespace {

constexpr double pi = std::numbers::pi;
constexpr double circumference = 2 * pi * 6378137.0;  // metres
constexpr double degree = pi / 180;                   // radians

// Points this close (in widths of the world) to the right or lower side of a tile
// count as in the next one, so that the corners of tiles round-trip.
constexpr double epsilon = 1e-14;

double tiles_across(int z) { return std::pow(2.0, z); }

// z: 0..max_zoom
std::uint64_t tile_index(double fraction, int z) {
  const std::uint64_t last = (std::uint64_t{1} << static_cast<unsigned>(z)) - 1;
  if (!(fraction > 0)) return 0;
  if (fraction >= 1) return last;
  const double index = std::floor((fraction + epsilon) * tiles_across(z));
  return std::min(static_cast<std::uint64_t>(index), last);
}

double latitude(double y, double tiles) {
  return std::atan(std::sinh(pi * (1 - 2 * y / tiles))) * (180 / pi);
}

// Empty: not made of digits. Too large: the largest of T.
template <class T>
std::optional<T> digits(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  T value{};
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc::result_out_of_range ? std::numeric_limits<T>::max() : value;
}

}  // namespace

std::optional<TileId> tile_from_text(std::string_view z, std::string_view x,
                                     std::string_view y) {
  const auto zoom = digits<int>(z);
  const auto col = digits<std::uint64_t>(x);
  const auto row = digits<std::uint64_t>(y);
  if (!zoom || !col || !row) return std::nullopt;
  return TileId{*zoom, *col, *row};
}

Box mercator_box(const TileId& tile) {
  const double size = circumference / tiles_across(tile.z);
  const double west = static_cast<double>(tile.x) * size - circumference / 2;
  const double north = circumference / 2 - static_cast<double>(tile.y) * size;
  return {west, north - size, west + size, north};
}

Box lonlat_box(const TileId& tile) {
  const double tiles = tiles_across(tile.z);
  const auto x = static_cast<double>(tile.x);
  const auto y = static_cast<double>(tile.y);
  return {x / tiles * 360.0 - 180.0, latitude(y + 1, tiles),
          (x + 1) / tiles * 360.0 - 180.0, latitude(y, tiles)};
}

TileId tile_at(Point lonlat, int z) {
  if (z < 0 || z > max_zoom) throw invalid("zoom {} is outside 0..{}", z, max_zoom);
  const double lat = std::clamp(lonlat.y, -90.0, 90.0);
  const double x = lonlat.x / 360.0 + 0.5;
  const double sine = std::sin(lat * degree);
  const double y = 0.5 - 0.25 * std::log((1.0 + sine) / (1.0 - sine)) / pi;
  return {z, tile_index(x, z), tile_index(y, z)};
}

namespace {

// Between the columns of the two longitudes, as far as they are on the map.
bool column_meets(const TileId& tile, double west, double east) {
  if (west >= 180 || east <= -180) return false;
  return tile_at({west, 0}, tile.z).x <= tile.x && tile.x <= tile_at({east, 0}, tile.z).x;
}

}  // namespace

bool tile_meets(const TileId& tile, const Box& lonlat) {
  if (tile.z < 0 || tile.z > max_zoom) return false;
  if (std::isnan(lonlat.west + lonlat.south + lonlat.east + lonlat.north)) return false;
  const TileId first = tile_at({lonlat.west, lonlat.north}, tile.z);
  const TileId last = tile_at({lonlat.east, lonlat.south}, tile.z);
  if (tile.y < first.y || tile.y > last.y) return false;
  if (first.x <= tile.x && tile.x <= last.x) return true;
  constexpr double turn = 360;
  const double east = lonlat.east < lonlat.west ? lonlat.east + turn : lonlat.east;
  return column_meets(tile, lonlat.west, east) ||
         column_meets(tile, lonlat.west - turn, east - turn) ||
         column_meets(tile, lonlat.west + turn, east + turn);
}

}  // namespace terrazzo
