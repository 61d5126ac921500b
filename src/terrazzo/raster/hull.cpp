#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "terrazzo/raster/statistics.hpp"

namespace terrazzo::raster {
namespace {

constexpr std::size_t most_points = 8192;

struct Extent {
  std::size_t first;
  std::size_t end;
};

// From the first to behind the last valid, finite value.
template <class T>
std::optional<Extent> extent_of(std::span<const T> values,
                                std::span<const std::uint8_t> valid) {
  const auto good = [&](std::size_t i) {
    if constexpr (std::is_floating_point_v<T>)
      return valid[i] != 0 && std::isfinite(values[i]);
    else
      return valid[i] != 0;
  };
  if (valid.empty()) return std::nullopt;
  std::size_t first = 0;
  if (const void* one = std::memchr(valid.data(), 1, valid.size()))
    first =
        static_cast<std::size_t>(static_cast<const std::uint8_t*>(one) - valid.data());
  else
    return std::nullopt;
  while (first < valid.size() && !good(first)) ++first;
  if (first == valid.size()) return std::nullopt;
  std::size_t end = valid.size();
  while (!good(end - 1)) --end;
  return Extent{first, end};
}

// Positive: o, a, b turn to the left (x right, y up).
double turn(const Point& o, const Point& a, const Point& b) {
  return (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
}

// The outline of least x of points that come with rising y.
class Side {
 public:
  void add(Point point) {
    if (!points_.empty() && points_.back().y == point.y) {
      if (points_.back().x <= point.x) return;
      points_.pop_back();
    }
    while (points_.size() >= 2 &&
           turn(points_[points_.size() - 2], points_.back(), point) >= 0)
      points_.pop_back();
    points_.push_back(point);
  }
  const std::vector<Point>& points() const { return points_; }

 private:
  std::vector<Point> points_;
};

// The corners of the convex hull, counter-clockwise, not closed (Andrew 1979).
std::vector<Point> hull_of(std::vector<Point> points) {
  const auto less = [](const Point& a, const Point& b) {
    return a.x < b.x || (a.x == b.x && a.y < b.y);
  };
  std::sort(points.begin(), points.end(), less);
  points.erase(std::unique(points.begin(), points.end()), points.end());
  if (points.size() < 3) return points;
  std::vector<Point> hull;
  const auto add = [&hull](const Point& point, std::size_t least) {
    while (hull.size() > least && turn(hull[hull.size() - 2], hull.back(), point) <= 0)
      hull.pop_back();
    hull.push_back(point);
  };
  for (const Point& point : points) add(point, 1);
  const std::size_t lower = hull.size();
  for (auto point = points.rbegin() + 1; point != points.rend(); ++point)
    add(*point, lower);
  hull.pop_back();
  return hull;
}

}  // namespace

HullSum::HullSum() = default;

void HullSum::add(const Image& block, double col, double row, double col_step,
                  double row_step) {
  const std::size_t cols = block.cols();
  Side left;
  Side right;  // of negative x
  const auto add_row = [&](std::size_t i, Extent extent) {
    const double west = col + static_cast<double>(extent.first) * col_step;
    const double east = col + static_cast<double>(extent.end) * col_step;
    for (const std::size_t edge : {i, i + 1}) {
      const double y = row + static_cast<double>(edge) * row_step;
      left.add({west, y});
      right.add({-east, y});
    }
  };
  with_type(block.type(), [&]<class T>(T) {
    for (std::size_t i = 0; i < block.rows(); ++i) {
      const auto extent = extent_of<T>(block.values<T>().subspan(i * cols, cols),
                                       block.valid().subspan(i * cols, cols));
      if (extent) add_row(i, *extent);
    }
  });
  points_.insert(points_.end(), left.points().begin(), left.points().end());
  for (const Point& point : right.points()) points_.push_back({-point.x, point.y});
  if (points_.size() > most_points) points_ = hull_of(std::move(points_));
}

void HullSum::merge(const HullSum& other) {
  points_.insert(points_.end(), other.points_.begin(), other.points_.end());
  if (points_.size() > most_points) points_ = hull_of(std::move(points_));
}

Ring HullSum::result() const {
  Ring ring = hull_of(points_);
  if (!ring.empty()) ring.push_back(ring.front());
  return ring;
}

}  // namespace terrazzo::raster
