#include "terrazzo/raster/warp_cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace terrazzo::raster {
namespace {

constexpr double tolerance = 0.1;  // level pixels; 0.125 is promised
// What a cell's parent may be off by. Where the curvature changes its sign in the middle
// of a cell, the cell's own middles are right by chance, but those of its parent are not.
constexpr double parent_tolerance = 8 * tolerance;
// What the middle of a bent side may be off a straight line: few of it is no parabola.
constexpr double most_bend = 4 * tolerance;
constexpr std::int32_t least_side = 4;  // smaller cells are not split

bool is_finite(const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

Point between(const Point& a, const Point& b, double share) {
  return {a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share};
}

double share(std::int32_t from, std::int32_t middle, std::int32_t to) {
  return to == from ? 0 : static_cast<double>(middle - from) / (to - from);
}

std::int32_t middle_of(std::int32_t a, std::int32_t b) { return a + (b - a) / 2; }

// 3 x 3 exact nodes around 2 x 2 cells, and the middles of the cells' 12 sides.
struct Patch {
  std::array<std::int32_t, 3> cols;
  std::array<std::int32_t, 3> rows;
  std::array<Point, 9> nodes;
  double error = 0;  // of the patch taken as one cell

  Point node(std::size_t col, std::size_t row) const { return nodes[row * 3 + col]; }
};

constexpr std::size_t sides = 12;
// The side from node (col, row) eastwards, and that southwards.
constexpr std::size_t side_east(std::size_t col, std::size_t row) {
  return row * 2 + col;
}
constexpr std::size_t side_south(std::size_t col, std::size_t row) {
  return 6 + col * 2 + row;
}

void add_middles(const Patch& patch, std::vector<Point>& pixels) {
  const auto add = [&](std::int32_t col, std::int32_t row) {
    pixels.push_back({static_cast<double>(col), static_cast<double>(row)});
  };
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t col = 0; col < 2; ++col)
      add(middle_of(patch.cols[col], patch.cols[col + 1]), patch.rows[row]);
  for (std::size_t col = 0; col < 3; ++col)
    for (std::size_t row = 0; row < 2; ++row)
      add(patch.cols[col], middle_of(patch.rows[row], patch.rows[row + 1]));
}

// A cell and the exact middles of its sides.
struct Tested {
  WarpCell cell;
  Point north, south, west, east;

  std::array<Point, 8> points() const {
    const auto& c = cell.corners;
    return {c[0], c[1], c[2], c[3], north, south, west, east};
  }
};

Point difference(const Point& a, const Point& b) { return {a.x - b.x, a.y - b.y}; }

double size_of(const Point& p) { return std::hypot(p.x, p.y); }

// How far the middles of a cell's sides are off straight lines, and, by what these say,
// its middle off bilinear interpolation.
struct Bends {
  Point north, south, west, east;

  double rows() const { return std::max(size_of(north), size_of(south)); }
  double sides() const { return std::max(size_of(west), size_of(east)); }
  double all() const {
    const Point middle{(north.x + south.x + west.x + east.x) / 2,
                       (north.y + south.y + west.y + east.y) / 2};
    return std::max({rows(), sides(), size_of(middle)});
  }
};

Bends bends_of(const Tested& t) {
  const WarpCell& cell = t.cell;
  const auto& c = cell.corners;
  const double across = share(cell.col0, middle_of(cell.col0, cell.col1), cell.col1);
  const double down = share(cell.row0, middle_of(cell.row0, cell.row1), cell.row1);
  return {difference(t.north, between(c[0], c[1], across)),
          difference(t.south, between(c[2], c[3], across)),
          difference(t.west, between(c[0], c[2], down)),
          difference(t.east, between(c[1], c[3], down))};
}

// The patch taken as one cell.
Tested whole_cell(const Patch& patch) {
  return {{patch.cols[0],
           patch.cols[2],
           patch.rows[0],
           patch.rows[2],
           {patch.node(0, 0), patch.node(2, 0), patch.node(0, 2), patch.node(2, 2)}},
          patch.node(1, 0),
          patch.node(1, 2),
          patch.node(0, 1),
          patch.node(2, 1)};
}

// Of the patch taken as one cell with straight sides; infinite if a node is.
double error_of(const Patch& patch) {
  if (!std::ranges::all_of(patch.nodes, is_finite))
    return std::numeric_limits<double>::infinity();
  return bends_of(whole_cell(patch)).all();
}

// The cell with its sides bent so that they meet their middles.
WarpCell bent(const Tested& t, const Bends& bends) {
  WarpCell cell = t.cell;
  const std::int32_t middle = middle_of(cell.row0, cell.row1);
  const double there = static_cast<double>(middle - cell.row0) * (middle - cell.row1);
  if (there == 0) return cell;
  cell.bend_west = {bends.west.x / there, bends.west.y / there};
  cell.bend_east = {bends.east.x / there, bends.east.y / there};
  return cell;
}

Point place_in(const WarpCell& cell, const Point& pixel) {
  const auto row = static_cast<std::int32_t>(pixel.y);
  const auto col = static_cast<std::int32_t>(pixel.x);
  return between(west_at(cell, row), east_at(cell, row),
                 share(cell.col0, col, cell.col1));
}

enum class Verdict : std::uint8_t { smooth, beside, split };

// The box that surely holds what the points' cell shows.
Box reach_of(const std::array<Point, 8>& points, double error) {
  const auto [west, east] = std::ranges::minmax(points, {}, &Point::x);
  const auto [north, south] = std::ranges::minmax(points, {}, &Point::y);
  const double margin = 4 * error + 1;
  return {west.x - margin, north.y - margin, east.x + margin, south.y + margin};
}

// is_large: a part of the cell may be seen although none of the points is.
Verdict judge(const Tested& tested, const Patch& parent, const MeetsLevel& meets,
              bool is_large) {
  const auto points = tested.points();
  if (std::ranges::none_of(points, is_finite))
    return is_large ? Verdict::split : Verdict::beside;
  if (!std::ranges::all_of(points, is_finite)) return Verdict::split;
  const Bends bends = bends_of(tested);
  if (!meets(reach_of(points, bends.all()))) return Verdict::beside;
  const bool smooth = bends.rows() <= tolerance && bends.sides() <= most_bend &&
                      parent.error <= parent_tolerance;
  return smooth ? Verdict::smooth : Verdict::split;
}

Tested tested_cell(const Patch& p, const Point* middles, std::size_t col,
                   std::size_t row) {
  return {{p.cols[col],
           p.cols[col + 1],
           p.rows[row],
           p.rows[row + 1],
           {p.node(col, row), p.node(col + 1, row), p.node(col, row + 1),
            p.node(col + 1, row + 1)}},
          middles[side_east(col, row)],
          middles[side_east(col, row + 1)],
          middles[side_south(col, row)],
          middles[side_south(col + 1, row)]};
}

// The patch of a cell, but for its middle node.
Patch patch_of(const Tested& t) {
  const WarpCell& c = t.cell;
  return {{c.col0, middle_of(c.col0, c.col1), c.col1},
          {c.row0, middle_of(c.row0, c.row1), c.row1},
          {c.corners[0], t.north, c.corners[1], t.west, Point{}, t.east, c.corners[2],
           t.south, c.corners[3]}};
}

// Works on all patches of one size at a time, so that PROJ is called few times.
class Splitter {
 public:
  Splitter(const WarpMap& map, const Affine& to_level, const MeetsLevel& meets)
      : map_(map), to_level_(to_level), meets_(meets) {}

  WarpCells run() && {
    std::vector<Patch> patches{first()};
    std::vector<Point> middles = middles_of(patches);
    if (add_whole(patches.front(), middles)) return std::move(cells_);
    while (!patches.empty()) {
      patches = halve(patches, middles);
      middles = middles_of(patches);
    }
    return std::move(cells_);
  }

 private:
  void transform(std::vector<Point>& points) {
    cells_.points += points.size();
    map_.to_source(points);
    for (Point& p : points) to_pixels(p);
  }

  void to_pixels(Point& p) const {
    if (is_finite(p)) p = to_level_(p.x, p.y);
  }

  Patch first() {
    Patch patch{map_.node_cols(), map_.node_rows(), map_.nodes()};
    cells_.points += patch.nodes.size();
    for (Point& p : patch.nodes) to_pixels(p);
    patch.error = error_of(patch);
    return patch;
  }

  std::vector<Point> middles_of(const std::vector<Patch>& patches) {
    std::vector<Point> middles;
    middles.reserve(patches.size() * sides);
    for (const Patch& patch : patches) add_middles(patch, middles);
    transform(middles);
    return middles;
  }

  // Takes the patch as one cell if all points known of it agree.
  bool add_whole(const Patch& patch, const std::vector<Point>& middles) {
    if (!(patch.error <= parent_tolerance)) return false;
    const Tested whole = whole_cell(patch);
    const Bends bends = bends_of(whole);
    const WarpCell cell = bent(whole, bends);
    std::vector<Point> pixels;
    add_middles(patch, pixels);
    const auto agrees = [&](const Point& pixel, const Point& exact) {
      return size_of(difference(exact, place_in(cell, pixel))) <= tolerance;
    };
    const Point middle{static_cast<double>(patch.cols[1]),
                       static_cast<double>(patch.rows[1])};
    if (!agrees(middle, patch.node(1, 1)) || bends.sides() > most_bend ||
        !std::ranges::equal(pixels, middles, agrees))
      return false;
    if (meets_(reach_of(whole.points(), bends.all()))) cells_.smooth.push_back(cell);
    return true;
  }

  // The patches of the cells that have to be split further; middles_of(patches).
  std::vector<Patch> halve(const std::vector<Patch>& patches,
                           const std::vector<Point>& middles) {
    std::vector<Patch> smaller;
    for (std::size_t i = 0; i < patches.size(); ++i) {
      const Patch& patch = patches[i];
      // Of one or two pixels in a line, the first half is empty.
      for (std::size_t row = patch.rows[0] == patch.rows[1] ? 1 : 0; row < 2; ++row)
        for (std::size_t col = patch.cols[0] == patch.cols[1] ? 1 : 0; col < 2; ++col)
          place(patch, tested_cell(patch, &middles[i * sides], col, row), smaller);
    }
    finish(smaller);
    return smaller;
  }

  void place(const Patch& parent, const Tested& tested, std::vector<Patch>& smaller) {
    const WarpCell& cell = tested.cell;
    const Verdict verdict = judge(tested, parent, meets_, is_large(cell));
    if (verdict == Verdict::smooth)
      cells_.smooth.push_back(bent(tested, bends_of(tested)));
    if (verdict != Verdict::split) return;
    if (cell.col1 - cell.col0 <= least_side && cell.row1 - cell.row0 <= least_side)
      cells_.broken.push_back(cell);
    else
      smaller.push_back(patch_of(tested));
  }

  bool is_large(const WarpCell& cell) const {
    constexpr std::int32_t parts = 16;
    return (cell.col1 - cell.col0) * parts > map_.node_cols()[2] ||
           (cell.row1 - cell.row0) * parts > map_.node_rows()[2];
  }

  void finish(std::vector<Patch>& patches) {
    std::vector<Point> centres;
    centres.reserve(patches.size());
    for (const Patch& patch : patches)
      centres.push_back(
          {static_cast<double>(patch.cols[1]), static_cast<double>(patch.rows[1])});
    transform(centres);
    for (std::size_t i = 0; i < patches.size(); ++i) {
      patches[i].nodes[4] = centres[i];
      patches[i].error = error_of(patches[i]);
    }
  }

  const WarpMap& map_;
  const Affine& to_level_;
  const MeetsLevel& meets_;
  WarpCells cells_;
};

}  // namespace

WarpCells make_cells(const WarpMap& map, const Affine& to_level,
                     const MeetsLevel& meets) {
  return Splitter{map, to_level, meets}.run();
}

}  // namespace terrazzo::raster
