#include "terrazzo/catalog/encoding.hpp"

#include <cmath>

#include <doctest/doctest.h>

namespace terrazzo::catalog {

TEST_CASE("percentiles are 396 bytes of little-endian float32") {
  std::array<double, 99> percentiles{};
  percentiles[0] = 1;
  percentiles[1] = 0.1;
  percentiles[2] = -1e300;
  const std::string blob = percentiles_blob(percentiles);
  CHECK(blob.size() == 396);
  CHECK(blob.substr(0, 4) == std::string("\0\0\x80\x3f", 4));
  const auto back = percentiles_of(blob);
  CHECK(back[0] == 1);
  CHECK(back[1] == double{0.1F});
  CHECK(std::isinf(back[2]));
  CHECK(back[2] < 0);
  CHECK_THROWS_AS(percentiles_of(blob.substr(1)), Error);
  CHECK_THROWS_AS(percentiles_of(""), Error);
}

TEST_CASE("a polygon is read from its GeoJSON") {
  const Polygon polygon{
      {{{0.1, 2}, {3, 4.5}, {0, 1}, {0.1, 2}}, {{1, 1}, {2, 2}, {1, 1}}}};
  CHECK(polygon_of(geojson(polygon).dump()) == polygon);
  CHECK(polygon_of(R"({"coordinates": [], "type": "Polygon"})") == Polygon{});
}

TEST_CASE("what is not a polygon is damage, not a crash") {
  for (const char* text :
       {"", "null", "[]", "{", R"({"type": "Point", "coordinates": [1, 2]})",
        R"({"type": "Polygon"})", R"({"type": "Polygon", "coordinates": [[["a", 1]]]})",
        R"({"type": "Polygon", "coordinates": [[[1]]]})",
        R"({"type": "Polygon", "coordinates": [[[null, null]]]})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(polygon_of(text), Error);
  }
  CHECK_THROWS_AS(json_of("{"), Error);
  CHECK(json_of("") == Json::object());
  CHECK_THROWS_AS(json_text(Json("\xff")), Error);
}

}  // namespace terrazzo::catalog
