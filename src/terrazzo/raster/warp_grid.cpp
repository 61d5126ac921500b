#include "terrazzo/raster/warp_grid.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/warp_cells.hpp"

namespace terrazzo::raster {
namespace {

constexpr std::size_t most_level_pixels = std::size_t{1} << 29;  // along a side

// Positions are rounded to 2^-20 pixels, so that grids that coincide do so in spite of
// what transformations leave in the last digits; steps to 2^-28.
constexpr double position_parts = 1 << 20;
constexpr double step_parts = 1 << 28;

std::int64_t fixed(double value, double parts) {
  return std::llround(value * parts) * (one_pixel / static_cast<std::int64_t>(parts));
}

// The range of steps i with -slack <= at + i * step <= size + slack.
void clip(double at, double step, double size, double& first, double& end) {
  constexpr double slack = 1e-3;
  double from = (-slack - at) / step;
  double to = (size + slack - at) / step;
  if (step == 0) {
    if (!(at >= -slack && at <= size + slack)) end = first;
    return;
  }
  if (from > to) std::swap(from, to);
  first = std::max(first, std::ceil(from));
  end = std::min(end, std::floor(to) + 1);
}

// The footprint of a target pixel as a square-on box of about its area.
struct Footprint {
  float width = 1;
  float height = 1;
};

Point step(const Point& from, const Point& to, double steps) {
  if (steps == 0) return {};
  return {(to.x - from.x) / steps, (to.y - from.y) / steps};
}

// Where level pixels repeat themselves around the world.
struct Copies {
  Point period{};                  // pixels from one world to the next; 0 for none
  bool wraps = false;              // the level fills the world exactly
  std::array<double, 3> worlds{};  // that may hold the level, the likeliest first
  std::size_t count = 1;
};

Copies copies_of(const WarpMap& map, const WarpLevel& level, const Affine& to_level) {
  Copies copies;
  const double world = map.source_world();
  const auto& nodes = map.nodes();
  const auto known = std::ranges::find_if(
      nodes, [](const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); });
  if (world == 0 || known == nodes.end()) return copies;
  const auto cols = static_cast<double>(level.cols);
  copies.period = {to_level.a * world, to_level.d * world};
  if (copies.period.x < 0) copies.period = {-copies.period.x, -copies.period.y};
  copies.wraps =
      std::abs(copies.period.x - cols) < 0.5 && std::abs(copies.period.y) < 0.5;
  const Point at = to_level(known->x, known->y);
  const double home = copies.wraps ? -std::floor(at.x / copies.period.x)
                                   : std::round((cols / 2 - at.x) * copies.period.x /
                                                (copies.period.x * copies.period.x +
                                                 copies.period.y * copies.period.y));
  copies.worlds = {home, home - 1, home + 1};
  copies.count = copies.wraps ? 1 : 3;
  return copies;
}

std::vector<WarpSpan> in_order_of_rows(const std::vector<WarpSpan>& spans,
                                       std::size_t rows) {
  std::vector<std::size_t> begins(rows + 1);
  for (const WarpSpan& span : spans) ++begins[static_cast<std::size_t>(span.row) + 1];
  for (std::size_t row = 0; row < rows; ++row) begins[row + 1] += begins[row];
  std::vector<WarpSpan> sorted(spans.size());
  auto next = begins;
  for (const WarpSpan& span : spans)
    sorted[next[static_cast<std::size_t>(span.row)]++] = span;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span of_row(sorted.data() + begins[row], begins[row + 1] - begins[row]);
    if (!std::ranges::is_sorted(of_row, {}, &WarpSpan::col))
      std::ranges::sort(of_row, {}, &WarpSpan::col);
  }
  return sorted;
}

// A level of more than one world shows some pixels twice: the left one stays.
void cut_overlaps(std::vector<WarpSpan>& spans) {
  std::int32_t row = -1;
  std::int32_t end = 0;
  for (WarpSpan& span : spans) {
    if (span.row != row) end = 0;
    row = span.row;
    const std::int32_t cut = std::clamp(end - span.col, 0, span.count);
    span.col += cut;
    span.count -= cut;
    span.x += cut * span.dx;
    span.y += cut * span.dy;
    end = std::max(end, span.col + span.count);
  }
  std::erase_if(spans, [](const WarpSpan& span) { return span.count == 0; });
}

class SpanMaker {
 public:
  SpanMaker(const WarpMap& map, const WarpLevel& level, const Affine& to_level)
      : map_(map),
        level_cols_(static_cast<double>(level.cols)),
        level_rows_(static_cast<double>(level.rows)),
        to_level_(to_level),
        copies_(copies_of(map, level, to_level)) {}

  bool wraps() const { return copies_.wraps; }

  bool meets(const Box& box) const {
    for (std::size_t i = 0; i < copies_.count; ++i) {
      const Point shift = shift_of(i);
      const bool beside = box.east + shift.x < 0 || box.west + shift.x > level_cols_;
      const bool above = box.north + shift.y < 0 || box.south + shift.y > level_rows_;
      if ((copies_.wraps || !beside) && !above) return true;
    }
    return false;
  }

  void add_smooth(const WarpCell& cell) {
    const std::int32_t cols = cell.col1 - cell.col0;
    const Footprint covers = footprint_of(cell);
    const std::int32_t end_row = end_of(cell.row1, map_.target().rows);
    const std::int32_t end_col = end_of(cell.col1, map_.target().cols);
    for (std::int32_t row = cell.row0; row < end_row; ++row) {
      const Point west = west_at(cell, row);
      const Point east = east_at(cell, row);
      add({row, cell.col0, end_col - cell.col0, covers.width, covers.height}, west,
          step(west, east, cols));
    }
  }

  // Returns the number of points transformed.
  std::size_t add_broken(const std::vector<WarpCell>& cells) {
    std::vector<Point> places;
    for (const WarpCell& cell : cells)
      for_each_pixel(cell, [&](std::int32_t row, std::int32_t col) {
        places.push_back({static_cast<double>(col), static_cast<double>(row)});
      });
    if (places.empty()) return 0;
    map_.to_source(places);
    const Footprint covers = typical_footprint();
    std::size_t i = 0;
    for (const WarpCell& cell : cells)
      for_each_pixel(cell, [&](std::int32_t row, std::int32_t col) {
        const Point& p = places[i++];
        if (!std::isfinite(p.x) || !std::isfinite(p.y)) return;
        add({row, col, 1, covers.width, covers.height}, to_level_(p.x, p.y), {});
      });
    return places.size();
  }

  std::vector<WarpSpan> sorted() && {
    auto in_order = in_order_of_rows(spans_, map_.target().rows);
    if (copies_.count > 1) cut_overlaps(in_order);
    return in_order;
  }

  void reserve(std::size_t count) { spans_.reserve(count); }

 private:
  template <class F>
  void for_each_pixel(const WarpCell& cell, F&& f) const {
    const std::int32_t end_row = end_of(cell.row1, map_.target().rows);
    const std::int32_t end_col = end_of(cell.col1, map_.target().cols);
    for (std::int32_t row = cell.row0; row < end_row; ++row)
      for (std::int32_t col = cell.col0; col < end_col; ++col) f(row, col);
  }

  // A cell's last row and column belong to the next one, if there is one.
  static std::int32_t end_of(std::int32_t last, std::size_t count) {
    return static_cast<std::size_t>(last) + 1 == count ? last + 1 : last;
  }

  Footprint footprint_of(const WarpCell& cell) {
    const double rows = cell.row1 - cell.row0;
    const double cols = cell.col1 - cell.col0;
    if (rows == 0 || cols == 0) return typical_footprint();
    const auto& [a, b, c, d] = cell.corners;
    const Point across{(b.x - a.x + d.x - c.x) / cols, (b.y - a.y + d.y - c.y) / cols};
    const Point down{(c.x - a.x + d.x - b.x) / rows, (c.y - a.y + d.y - b.y) / rows};
    return {static_cast<float>(std::hypot(across.x, down.x) / 2),
            static_cast<float>(std::hypot(across.y, down.y) / 2)};
  }

  Footprint typical_footprint() {
    if (!typical_) {
      const WarpLevel level{to_level_.inverse(), static_cast<std::size_t>(level_rows_),
                            static_cast<std::size_t>(level_cols_)};
      const PixelScale scale = pixel_scale(map_, level).value_or(PixelScale{});
      typical_ = {static_cast<float>(scale.cols), static_cast<float>(scale.rows)};
    }
    return *typical_;
  }

  Point shift_of(std::size_t copy) const {
    return {copies_.worlds[copy] * copies_.period.x,
            copies_.worlds[copy] * copies_.period.y};
  }

  void add(const WarpSpan& span, const Point& at, const Point& by) {
    for (std::size_t i = 0; i < copies_.count; ++i) {
      const Point shift = shift_of(i);
      add_clipped(span, {at.x + shift.x, at.y + shift.y}, by);
    }
  }

  void add_clipped(WarpSpan span, const Point& at, const Point& by) {
    double first = 0;
    double end = span.count;
    if (!copies_.wraps) clip(at.x, by.x, level_cols_, first, end);
    clip(at.y, by.y, level_rows_, first, end);
    if (!(first < end)) return;
    span.col += static_cast<std::int32_t>(first);
    span.count = static_cast<std::int32_t>(end - first);
    span.x = fixed(at.x + first * by.x, position_parts);
    span.y = fixed(at.y + first * by.y, position_parts);
    if (span.count > 1) {
      span.dx = fixed(by.x, step_parts);
      span.dy = fixed(by.y, step_parts);
    }
    trim(span);
    if (span.count > 0) spans_.push_back(span);
  }

  // Takes away what rounding left outside at the ends.
  void trim(WarpSpan& span) const {
    while (span.count > 0 && !inside(span.x, span.y)) {
      span.x += span.dx;
      span.y += span.dy;
      ++span.col;
      --span.count;
    }
    const auto last = [&](std::int64_t at, std::int64_t by) {
      return at + (span.count - 1) * by;
    };
    while (span.count > 0 && !inside(last(span.x, span.dx), last(span.y, span.dy)))
      --span.count;
  }

  bool inside(std::int64_t x, std::int64_t y) const {
    const auto end = [](double size) {
      return static_cast<std::int64_t>(size) * one_pixel;
    };
    return y >= 0 && y < end(level_rows_) &&
           (copies_.wraps || (x >= 0 && x < end(level_cols_)));
  }

  const WarpMap& map_;
  double level_cols_;
  double level_rows_;
  Affine to_level_;
  Copies copies_;
  std::optional<Footprint> typical_{};
  std::vector<WarpSpan> spans_;
};

std::size_t checked(std::size_t count) {
  if (count > most_level_pixels)
    throw failure(ErrorKind::too_large,
                  "a raster of {} pixels a side is too large to be warped", count);
  return count;
}

}  // namespace

WarpGrid::WarpGrid(const WarpMap& map, const WarpLevel& level)
    : rows_(map.target().rows),
      cols_(map.target().cols),
      level_rows_(checked(level.rows)),
      level_cols_(checked(level.cols)) {
  const Affine to_level = level.affine.inverse();
  SpanMaker maker{map, level, to_level};
  wraps_ = maker.wraps();
  const WarpCells cells =
      make_cells(map, to_level, [&](const Box& box) { return maker.meets(box); });
  maker.reserve(2 * rows_);
  for (const WarpCell& cell : cells.smooth) maker.add_smooth(cell);
  points_ = cells.points + maker.add_broken(cells.broken);
  spans_ = std::move(maker).sorted();
}

PicturePart WarpGrid::crop() {
  std::int32_t west = std::numeric_limits<std::int32_t>::max();
  std::int32_t east = 0;
  for (const WarpSpan& span : spans_) {
    west = std::min(west, span.col);
    east = std::max(east, span.col + span.count);
  }
  PicturePart part;
  if (!spans_.empty()) {
    const std::int32_t north = spans_.front().row;
    part = {static_cast<std::size_t>(north), static_cast<std::size_t>(west),
            static_cast<std::size_t>(spans_.back().row + 1 - north),
            static_cast<std::size_t>(east - west)};
    for (WarpSpan& span : spans_) {
      span.row -= north;
      span.col -= west;
    }
  }
  rows_ = part.rows;
  cols_ = part.cols;
  return part;
}

}  // namespace terrazzo::raster
