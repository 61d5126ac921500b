#include "terrazzo/data/geo.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <thread>

#include "terrazzo/base/error.hpp"

using namespace terrazzo;

namespace {

constexpr double metre = 1.0;
constexpr double millimetre = 1e-3;
constexpr double tiny_degree = 1e-9;

void check_near(const Box& got, const Box& wanted, double within) {
  CHECK(std::abs(got.west - wanted.west) < within);
  CHECK(std::abs(got.south - wanted.south) < within);
  CHECK(std::abs(got.east - wanted.east) < within);
  CHECK(std::abs(got.north - wanted.north) < within);
}

}  // namespace

TEST_CASE("an affine and its inverse undo each other") {
  const Affine affine{10, 2, 399960, 1, -10, 5800020};
  const Affine back = affine.inverse();
  const Point there = affine(17, 4711);
  const Point here = back(there.x, there.y);
  CHECK(std::abs(here.x - 17) < 1e-6);
  CHECK(std::abs(here.y - 4711) < 1e-6);
  CHECK_THROWS_WITH_AS((Affine{1, 2, 0, 2, 4, 0}.inverse()),
                       doctest::Contains("has no inverse"), Error);
}

TEST_CASE("the bounds of a grid hold all four corners, however it is turned") {
  CHECK(bounds_of({10, 0, 100, 0, -10, 200}, 3, 5) == Box{100, 170, 150, 200});
  CHECK(bounds_of({10, 0, 100, 0, 10, 200}, 3, 5) == Box{100, 200, 150, 230});
  CHECK(bounds_of({0, 10, 0, 10, 0, 0}, 3, 5) == Box{0, 0, 30, 50});
}

TEST_CASE("a reference system is read from codes, WKT, PROJJSON and PROJ strings") {
  const Crs utm = Crs::epsg(32633);
  CHECK(utm.name() == "WGS 84 / UTM zone 33N");
  CHECK(utm.epsg_code() == 32633);
  CHECK_FALSE(utm.is_geographic());
  CHECK(Crs::wgs84().is_geographic());
  CHECK(Crs::from(utm.wkt()) == utm);
  CHECK(Crs::from(" epsg:32633\n") == utm);
  CHECK(Crs::from("+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs") == utm);
  CHECK(Crs::from("+init=epsg:4326") == Crs::wgs84());
  CHECK_FALSE(Crs::epsg(32634) == utm);
  CHECK_FALSE(Crs::wgs84() == utm);
}

TEST_CASE("a system without a code is recognised by what it says") {
  CHECK(Crs::from("+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs").epsg_code() ==
        32633);
  CHECK(Crs::from("+proj=longlat +datum=WGS84 +no_defs").epsg_code() == 4326);
  const Crs own = Crs::from("+proj=laea +lat_0=12.5 +lon_0=7.25 +datum=WGS84 +no_defs");
  CHECK_FALSE(own.epsg_code());
}

TEST_CASE("the order of the axes makes no difference") {
  CHECK(Crs::from("OGC:CRS84") == Crs::wgs84());
  // EPSG:2193 has northing first; a GeoTIFF of it has easting first.
  const Point nz = Transform{Crs::epsg(2193), Crs::wgs84()}(Point{1748735, 5427916});
  CHECK(std::abs(nz.x - 174.78) < 0.01);
  CHECK(std::abs(nz.y + 41.29) < 0.01);
}

TEST_CASE("what PROJ does not know is the caller's mistake, shown safely") {
  const std::string with_nul("EPSG:4326\0x", 11);
  for (const std::string& wrong :
       {std::string{}, std::string{"EPSG:1"}, std::string{"nonsense"},
        std::string{"GEOGCS["}, std::string{"+proj=pipeline +step +proj=merc"},
        std::string{"+proj=nothing"}, std::string{"{\"type\": 3}"},
        std::string{"EPSG:4326\xFF"}, with_nul, std::string(3 << 20, '[')}) {
    try {
      Crs::from(wrong);
      FAIL("taken: " << wrong.substr(0, 40));
    } catch (const Error& e) {
      CHECK(e.kind() == ErrorKind::invalid_input);
      CHECK(e.message().find("is no reference system") != std::string::npos);
      CHECK(e.message().size() < 500);
    }
  }
  CHECK_THROWS_AS(Crs::epsg(-3), Error);
}

TEST_CASE("points go from system to system") {
  const Transform to_wgs84{Crs::epsg(32633), Crs::wgs84()};
  const Point point = to_wgs84(Point{500000, 5800000});
  CHECK(std::abs(point.x - 15) < tiny_degree);
  CHECK(std::abs(point.y - 52.3502933489) < tiny_degree);

  const Transform to_mercator{Crs::wgs84(), Crs::web_mercator()};
  std::vector<Point> points{{15, 52}, {0, 0}, {-180, 0}};
  to_mercator(points);
  CHECK(std::abs(points[0].x - 1669792.3618991036) < millimetre);
  CHECK(std::abs(points[0].y - 6800125.454397307) < millimetre);
  CHECK(points[1] == Point{0, 0});
  CHECK(std::abs(points[2].x + 20037508.342789244) < millimetre);
  to_mercator(std::span<Point>{});
}

TEST_CASE("points with no place become infinite and leave their neighbours alone") {
  const Transform transform{Crs::wgs84(), Crs::epsg(32633)};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<Point> points{{15, 52}, {15, 200}, {nan, 1}, {15, 52}};
  transform(points);
  CHECK(std::isfinite(points[0].x));
  CHECK(std::isinf(points[1].x));
  CHECK(std::isinf(points[1].y));
  CHECK(std::isinf(points[2].x));
  CHECK(points[3] == points[0]);
}

TEST_CASE("boxes are those of GDAL's TransformBounds with 21 points an edge") {
  const Box tile{399960, 5690220, 509760, 5800020};
  check_near(
      Transform{Crs::epsg(32633), Crs::wgs84()}(tile),
      {13.531528902597659, 51.354432347915235, 15.14329076675528, 52.3504731124064},
      tiny_degree);
  check_near(
      Transform{Crs::epsg(32633), Crs::web_mercator()}(tile),
      {1506322.9070916353, 6684229.797909654, 1685743.417089679, 6863745.260705741},
      millimetre);
  check_near(Transform{Crs::epsg(3413), Crs::wgs84()}(Box{-1e6, -1e6, 1e6, 1e6}),
             {-180, 76.99881553168267, 180, 90}, tiny_degree);
  const Box across =
      Transform{Crs::epsg(32601), Crs::wgs84()}(Box{200000, 6000000, 500000, 6300000});
  check_near(across, {178.0923739542687, 54.060679727150294, -177.0, 56.8438118176467},
             tiny_degree);
}

TEST_CASE("a box in its own system stays where it is") {
  const Box box{1000, 2000, 3000, 4000};
  check_near(Transform{Crs::web_mercator(), Crs::web_mercator()}(box), box, millimetre);
}

TEST_CASE("a box that has no place is the caller's mistake") {
  const Transform transform{Crs::wgs84(), Crs::epsg(32633)};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(transform(Box{nan, 0, 1, 1}), Error);
  CHECK_THROWS_AS(transform(Box{0, 0, 1, 1}, -1), Error);
  CHECK_THROWS_WITH_AS(transform(Box{10, 200, 11, 210}), doctest::Contains("no place in"),
                       Error);
}

TEST_CASE("systems and transforms are used from many threads at once") {
  const Crs utm = Crs::from("+proj=utm +zone=33 +datum=WGS84 +units=m +no_defs");
  const Transform transform{utm, Crs::wgs84()};
  const Point wanted = transform(Point{500000, 5800000});
  std::vector<int> right(4, 0);
  {
    std::vector<std::jthread> threads;
    for (int& result : right)
      threads.emplace_back([&result, &transform, &utm, &wanted] {
        for (int i = 0; i < 20; ++i)
          result += transform(Point{500000, 5800000}) == wanted &&
                    utm == Crs::epsg(32633) && utm.epsg_code() == 32633;
      });
  }
  CHECK(right == std::vector<int>(4, 20));
}

TEST_CASE("more transforms than a thread keeps still work") {
  for (int round = 0; round < 2; ++round)
    for (int zone = 1; zone <= 60; ++zone) {
      const Transform transform{Crs::epsg(32600 + zone), Crs::wgs84()};
      CHECK(std::abs(transform(Point{500000, 0}).x - (zone * 6 - 183)) < tiny_degree);
    }
  CHECK(std::abs(Transform{Crs::epsg(32633), Crs::web_mercator()}(Point{500000, 0}).x -
                 1669792.3619) < metre);
}
