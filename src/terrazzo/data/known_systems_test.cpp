#include "terrazzo/data/known_systems.hpp"

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "terrazzo/data/geo.hpp"

using namespace terrazzo;

namespace {

std::vector<int> codes() {
  std::vector<int> all{4326, 3857};
  for (int zone = 1; zone <= 60; ++zone) {
    all.push_back(32600 + zone);
    all.push_back(32700 + zone);
  }
  return all;
}

// The same system, but in words for which PROJ asks its database.
Crs in_words(int code) { return Crs::from(Crs::epsg(code).wkt()); }

// Some of them in no system at all.
std::vector<Point> places(bool degrees, std::mt19937& random) {
  std::uniform_real_distribution<double> part{-1, 1};
  std::vector<Point> points;
  for (int i = 0; i < 40; ++i)
    points.push_back(degrees ? Point{part(random) * 185, part(random) * 92}
                             : Point{part(random) * 2.1e7, part(random) * 2.1e7});
  for (int i = 0; i < 40 && !degrees; ++i)
    points.push_back({5e5 + part(random) * 4e5, part(random) * 1e7});
  points.push_back({INFINITY, 0});
  points.push_back({0, NAN});
  return points;
}

}  // namespace

TEST_CASE("only codes of systems on WGS 84 are known") {
  for (const int code : codes())
    CHECK(known_system("EPSG:" + std::to_string(code)).has_value());
  for (const char* other : {"", "EPSG:", "4326", "EPSG:4326 ", "EPSG:4326+5773",
                            "EPSG:-1", "EPSG:32600", "EPSG:32661", "EPSG:32700",
                            "EPSG:32761", "EPSG:25833", "ESRI:3857", "EPSG:99999999999"})
    CHECK_FALSE(known_system(other).has_value());
}

TEST_CASE("PROJ's database says the same of a known system") {
  for (const int code : codes()) {
    CAPTURE(code);
    const Crs known = Crs::epsg(code);
    const Crs words = in_words(code);
    CHECK(known.name() == words.name());
    CHECK(known.epsg_code() == words.epsg_code());
    CHECK(known.is_geographic() == words.is_geographic());
    CHECK(known == words);
    CHECK(known == Crs::epsg(code));
  }
  CHECK_FALSE(Crs::epsg(32633) == Crs::epsg(32733));
}

TEST_CASE("known systems are transformed as PROJ does it with its database, to the bit") {
  std::mt19937 random{7};
  const std::vector<int> few{4326, 3857, 32601, 32633, 32660, 32701, 32733};
  for (const int from : few)
    for (const int to : few) {
      CAPTURE(from);
      CAPTURE(to);
      std::vector<Point> quick = places(from == 4326, random);
      std::vector<Point> full = quick;
      Transform{Crs::epsg(from), Crs::epsg(to)}(quick);
      Transform{in_words(from), in_words(to)}(full);
      CHECK(quick == full);
    }
}

TEST_CASE("boxes of known systems are PROJ's") {
  constexpr Box here{12, 50, 18, 54};
  for (const int from : {4326, 3857, 32633})
    for (const int to : {4326, 3857, 32633}) {
      CAPTURE(from);
      CAPTURE(to);
      const Box box = Transform{Crs::epsg(4326), in_words(from)}(here);
      CHECK(Transform{Crs::epsg(from), Crs::epsg(to)}(box) ==
            Transform{in_words(from), in_words(to)}(box));
    }
}
