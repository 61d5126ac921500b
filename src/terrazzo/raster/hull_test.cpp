#include <algorithm>
#include <limits>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "terrazzo/raster/statistics.hpp"

namespace terrazzo::raster {
namespace {

// '#' is valid.
Image drawn(const std::vector<std::string>& rows) {
  Image image(ElementType::uint8, 1, rows.size(), rows.front().size());
  for (std::size_t row = 0; row < rows.size(); ++row)
    for (std::size_t col = 0; col < image.cols(); ++col)
      image.valid()[row * image.cols() + col] = rows[row][col] == '#';
  return image;
}

Image part_of(const Image& image, std::size_t row, std::size_t col, std::size_t size) {
  Image part(image.type(), 1, std::min(size, image.rows() - row),
             std::min(size, image.cols() - col));
  for (std::size_t i = 0; i < part.rows(); ++i)
    for (std::size_t j = 0; j < part.cols(); ++j)
      part.valid()[i * part.cols() + j] =
          image.valid()[(row + i) * image.cols() + col + j];
  return part;
}

Ring hull_of(const Image& image) {
  HullSum sum;
  sum.add(image, 0, 0);
  return sum.result();
}

double doubled_area(const Ring& ring) {
  double area = 0;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i)
    area += ring[i].x * ring[i + 1].y - ring[i + 1].x * ring[i].y;
  return area;
}

bool inside(const Ring& ring, Point point) {
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    const Point& a = ring[i];
    const Point& b = ring[i + 1];
    if ((b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x) < 0) return false;
  }
  return true;
}

Image scattered(std::size_t rows, std::size_t cols, double share, unsigned seed) {
  std::mt19937 random(seed);
  std::bernoulli_distribution is_valid(share);
  Image image(ElementType::uint8, 1, rows, cols);
  for (std::uint8_t& valid : image.valid()) valid = is_valid(random);
  return image;
}

}  // namespace

TEST_CASE("a full image has its rectangle as hull, closed and counter-clockwise") {
  const Ring ring = hull_of(Image(ElementType::uint16, 1, 3, 5));
  CHECK(ring == Ring{{0, 0}, {5, 0}, {5, 3}, {0, 3}, {0, 0}});
  CHECK(doubled_area(ring) == 30);
}

TEST_CASE("one pixel has its four corners as hull") {
  CHECK(hull_of(drawn({"....", ".#..", "...."})) ==
        Ring{{1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}});
}

TEST_CASE("nothing valid has no hull") {
  CHECK(HullSum().result().empty());
  CHECK(hull_of(drawn({"..", ".."})).empty());
  CHECK(hull_of(Image(ElementType::uint8, 1, 0, 4)).empty());
}

TEST_CASE("a diamond keeps the corners of its pixels only where they are outermost") {
  const Ring ring = hull_of(drawn({"..#..", ".###.", "#####", ".###.", "..#.."}));
  CHECK(ring ==
        Ring{{0, 2}, {2, 0}, {3, 0}, {5, 2}, {5, 3}, {3, 5}, {2, 5}, {0, 3}, {0, 2}});
}

TEST_CASE("holes and concave sides do not show") {
  CHECK(hull_of(drawn({"#...#", ".....", "..#..", "#...#"})) ==
        Ring{{0, 0}, {5, 0}, {5, 4}, {0, 4}, {0, 0}});
}

TEST_CASE("values that are not finite are not part of the hull") {
  Image image(ElementType::float32, 1, 1, 4);
  image.values<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  image.values<float>()[3] = std::numeric_limits<float>::infinity();
  CHECK(hull_of(image) == Ring{{1, 0}, {3, 0}, {3, 1}, {1, 1}, {1, 0}});
}

TEST_CASE("the hull holds every corner and only corners of valid pixels") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const Image image = scattered(40, 60, 0.01, seed);
    const Ring ring = hull_of(image);
    REQUIRE(ring.size() >= 5);
    std::vector<Point> corners;
    for (std::size_t i = 0; i < image.pixels(); ++i) {
      if (image.valid()[i] == 0) continue;
      const auto row = static_cast<double>(i / 60);
      const auto col = static_cast<double>(i % 60);
      for (const double x : {col, col + 1})
        for (const double y : {row, row + 1}) corners.push_back({x, y});
    }
    for (const Point& corner : corners) CHECK(inside(ring, corner));
    for (const Point& point : ring)
      CHECK(std::find(corners.begin(), corners.end(), point) != corners.end());
  }
}

TEST_CASE("blocks in any order and merged sums give the hull of the whole") {
  const Image image = scattered(100, 130, 0.003, 42);
  const Ring whole = hull_of(image);
  std::vector<Point> places;
  for (std::size_t row = 0; row < 100; row += 16)
    for (std::size_t col = 0; col < 130; col += 16)
      places.push_back({static_cast<double>(col), static_cast<double>(row)});
  std::shuffle(places.begin(), places.end(), std::mt19937(1));
  HullSum sum;
  HullSum other;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Point place = places[i];
    (i % 2 ? other : sum)
        .add(part_of(image, static_cast<std::size_t>(place.y),
                     static_cast<std::size_t>(place.x), 16),
             place.x, place.y);
  }
  sum.merge(other);
  CHECK(sum.result() == whole);
}

TEST_CASE("many blocks do not make the hull forget a corner") {
  HullSum sum;
  for (int i = 0; i < 4000; ++i) sum.add(drawn({".#", "#."}), i, (i * 37) % 4000);
  sum.add(drawn({"#"}), -10, -10);
  const Ring ring = sum.result();
  CHECK(std::find(ring.begin(), ring.end(), Point{-10, -10}) != ring.end());
  for (int i = 0; i < 4000; ++i) CHECK(inside(ring, {i + 2.0, (i * 37) % 4000 + 1.0}));
}

TEST_CASE("a reduced block covers the pixels it stands for") {
  HullSum sum;
  sum.add(drawn({"##", "#."}), 10, 20, 4, 2.5);
  CHECK(sum.result() ==
        Ring{{10, 20}, {18, 20}, {18, 22.5}, {14, 25}, {10, 25}, {10, 20}});
}

}  // namespace terrazzo::raster
