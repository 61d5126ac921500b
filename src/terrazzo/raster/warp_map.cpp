#include <algorithm>
#include <cmath>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::raster {
namespace {

constexpr std::size_t most_pixels = std::size_t{1} << 24;  // along a side
constexpr std::size_t fine_steps = 16;  // a side, where 2 do not tell the scale

bool is_finite(const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

// Is `width` about a whole turn of a unit of angle?
double whole_turn(double width) {
  for (const double turn : {360.0, 400.0})
    if (std::abs(width - turn) < 1) return turn;
  return 0;
}

std::array<std::int32_t, 3> first_middle_last(std::size_t count) {
  const auto last = static_cast<std::int32_t>(count) - 1;
  return {0, last / 2, last};
}

// Positions of a lattice of target pixels, in pixels of a level.
struct Lattice {
  std::vector<double> cols;
  std::vector<double> rows;
  std::vector<Point> at;
  Point place(std::size_t col, std::size_t row) const {
    return at[row * cols.size() + col];
  }
};

struct LocalScale {
  PixelScale scale;
  bool meets = false;  // does the cell meet the level?
};

bool meets(const std::array<Point, 4>& corners, const WarpLevel& level, double period) {
  const auto [west, east] = std::ranges::minmax(corners, {}, &Point::x);
  const auto [north, south] = std::ranges::minmax(corners, {}, &Point::y);
  const auto cols = static_cast<double>(level.cols);
  if (south.y < 0 || north.y > static_cast<double>(level.rows)) return false;
  if (period == 0) return east.x >= 0 && west.x <= cols;
  return std::floor(east.x / period) > std::floor((west.x - cols) / period);
}

// The scale in the cell whose first corner is (col, row) of the lattice.
std::optional<LocalScale> scale_at(const Lattice& lattice, std::size_t col,
                                   std::size_t row, const WarpLevel& level,
                                   double period) {
  const std::array corners{lattice.place(col, row), lattice.place(col + 1, row),
                           lattice.place(col, row + 1), lattice.place(col + 1, row + 1)};
  if (!std::ranges::all_of(corners, is_finite)) return std::nullopt;
  const double across = 2.0 * (lattice.cols[col + 1] - lattice.cols[col]);
  const double down = 2.0 * (lattice.rows[row + 1] - lattice.rows[row]);
  const auto& [a, b, c, d] = corners;
  const double x_across = (b.x - a.x + d.x - c.x) / across;
  const double y_across = (b.y - a.y + d.y - c.y) / across;
  const double x_down = (c.x - a.x + d.x - b.x) / down;
  const double y_down = (c.y - a.y + d.y - b.y) / down;
  return LocalScale{{std::hypot(x_across, x_down), std::hypot(y_across, y_down)},
                    meets(corners, level, period)};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

PixelScale median_of(const std::vector<LocalScale>& scales) {
  std::vector<double> cols;
  std::vector<double> rows;
  for (const LocalScale& local : scales) {
    cols.push_back(local.scale.cols);
    rows.push_back(local.scale.rows);
  }
  return {median(std::move(cols)), median(std::move(rows))};
}

bool is_even(const std::vector<LocalScale>& scales) {
  constexpr double much = 1.5;
  const auto even = [&](auto part) {
    const auto [low, high] = std::ranges::minmax(scales, {}, part);
    return part(high) <= much * part(low);
  };
  return even([](const LocalScale& local) { return local.scale.cols; }) &&
         even([](const LocalScale& local) { return local.scale.rows; });
}

struct Scales {
  std::vector<LocalScale> known;
  bool complete = true;
};

Scales scales_of(const Lattice& lattice, const WarpLevel& level, double period) {
  Scales scales;
  for (std::size_t row = 0; row + 1 < lattice.rows.size(); ++row)
    for (std::size_t col = 0; col + 1 < lattice.cols.size(); ++col) {
      const auto local = scale_at(lattice, col, row, level, period);
      if (local)
        scales.known.push_back(*local);
      else
        scales.complete = false;
    }
  return scales;
}

// Up to 17 places from the first pixel to the last; both sides of a single one.
std::vector<double> spread(std::size_t count) {
  if (count == 1) return {-0.5, 0.5};
  const std::size_t steps = std::min(count - 1, fine_steps);
  std::vector<double> places;
  for (std::size_t i = 0; i <= steps; ++i)
    places.push_back(static_cast<double>((count - 1) * i / steps));
  return places;
}

void to_pixels(Lattice& lattice, const Affine& inverse) {
  for (Point& p : lattice.at)
    if (is_finite(p)) p = inverse(p.x, p.y);
}

Lattice fine_lattice(const WarpMap& map) {
  Lattice lattice{spread(map.target().cols), spread(map.target().rows), {}};
  for (const double row : lattice.rows)
    for (const double col : lattice.cols) lattice.at.push_back({col, row});
  map.to_source(lattice.at);
  return lattice;
}

}  // namespace

double world_width(const Crs& crs) {
  constexpr double eighth = 45;
  const Transform to{Crs::wgs84(), crs};
  // Two tries: the first one may cross the edge of a map with another middle.
  for (const double west : {0.0, -100.0}) {
    std::array points{Point{west, 0}, Point{west + eighth, 0},
                      Point{west + 2 * eighth, 0}, Point{west + eighth, 40}};
    to(points);
    if (!std::ranges::all_of(points, is_finite)) continue;
    const double step = points[1].x - points[0].x;
    if (crs.is_geographic()) {
      if (const double turn = whole_turn(8 * step); turn > 0) return turn;
      continue;
    }
    const double tolerance = 1e-9 * std::abs(step);
    if (step != 0 && std::abs(points[2].x - points[1].x - step) <= tolerance &&
        std::abs(points[3].x - points[1].x) <= tolerance)
      return 8 * std::abs(step);
  }
  return 0;
}

WarpTarget checked(WarpTarget target) {
  if (target.rows == 0 || target.cols == 0 || target.rows > most_pixels ||
      target.cols > most_pixels)
    throw invalid("a picture of {} x {} pixels cannot be made", target.rows, target.cols);
  Box& box = target.box;
  if (box.west > box.east) box.east += world_width(target.crs);
  if (!(box.width() > 0 && box.height() > 0) || !std::isfinite(box.width()) ||
      !std::isfinite(box.height()))
    throw invalid("a picture needs a box with west < east and south < north");
  return target;
}

WarpMap::WarpMap(WarpTarget target, Crs source, double source_world)
    : target_(checked(std::move(target))),
      transform_(target_.crs, std::move(source)),
      source_world_(source_world),
      node_cols_(first_middle_last(target_.cols)),
      node_rows_(first_middle_last(target_.rows)) {
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    nodes_[i] = {static_cast<double>(node_cols_[i % 3]),
                 static_cast<double>(node_rows_[i / 3])};
  to_source(nodes_);
  if (source_world_ == 0) return;
  constexpr std::array<std::size_t, 9> from_the_middle{4, 1, 3, 5, 7, 0, 2, 6, 8};
  const auto known = std::ranges::find_if(
      from_the_middle, [&](std::size_t i) { return is_finite(nodes_[i]); });
  if (known == from_the_middle.end()) return;
  reference_x_ = nodes_[*known].x;
  for (Point& p : nodes_)
    p.x += source_world_ * std::round((*reference_x_ - p.x) / source_world_);
}

void WarpMap::to_source(std::span<Point> pixels) const {
  const Box& box = target_.box;
  const double width = box.width() / static_cast<double>(target_.cols);
  const double height = box.height() / static_cast<double>(target_.rows);
  for (Point& p : pixels)
    p = {box.west + (p.x + 0.5) * width, box.north - (p.y + 0.5) * height};
  transform_(pixels);
  if (!reference_x_) return;
  for (Point& p : pixels)
    p.x += source_world_ * std::round((*reference_x_ - p.x) / source_world_);
}

std::optional<PixelScale> pixel_scale(const WarpMap& map, const WarpLevel& level) {
  const Affine inverse = level.affine.inverse();
  const double period = std::abs(inverse.a * map.source_world());
  const auto& cols = map.node_cols();
  const auto& rows = map.node_rows();
  if (cols[0] < cols[1] && rows[0] < rows[1]) {
    Lattice coarse{{cols.begin(), cols.end()},
                   {rows.begin(), rows.end()},
                   {map.nodes().begin(), map.nodes().end()}};
    to_pixels(coarse, inverse);
    const Scales scales = scales_of(coarse, level, period);
    if (scales.complete && is_even(scales.known)) return median_of(scales.known);
  }
  Lattice lattice = fine_lattice(map);
  to_pixels(lattice, inverse);
  const Scales scales = scales_of(lattice, level, period);
  if (scales.known.empty()) return std::nullopt;
  std::vector<LocalScale> here;
  std::ranges::copy_if(scales.known, std::back_inserter(here), &LocalScale::meets);
  return median_of(here.empty() ? scales.known : here);
}

}  // namespace terrazzo::raster
