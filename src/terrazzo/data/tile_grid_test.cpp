#include "terrazzo/data/tile_grid.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "terrazzo/base/error.hpp"

using namespace terrazzo;

// The numbers were made with the formulas of mercantile 1.2.1 in Python, all digits.

TEST_CASE("the box of a tile in web mercator is mercantile's to the last bit") {
  CHECK(mercator_box({0, 0, 0}) == Box{-20037508.342789244, -20037508.342789244,
                                       20037508.342789244, 20037508.342789244});
  CHECK(mercator_box({12, 2200, 1343}) == Box{1487158.8223163895, 6887893.4928338025,
                                              1496942.761936892, 6897677.432454305});
  CHECK(mercator_box({40, 123456789012, 987654321012}) ==
        Box{-15537753.40194219, -15960531.508994143, -15537753.401905742,
            -15960531.508957695});
}

TEST_CASE("the box of a tile in degrees is mercantile's to the last bit") {
  CHECK(lonlat_box({10, 486, 332}) ==
        Box{-9.140625, 53.120405283106564, -8.7890625, 53.33087298301705});
  CHECK(lonlat_box({40, 123456789012, 987654321012}) ==
        Box{-139.57801361844759, -80.6370174681258, -139.57801361812017,
            -80.63701746807253});
}

TEST_CASE("the tile of a place is mercantile's") {
  CHECK(tile_at({20.6852, 40.1222}, 9) == TileId{9, 285, 193});
  CHECK(tile_at({13.4, 52.5}, 18) == TileId{18, 140829, 85995});
  CHECK(tile_at({13.4, 52.5}, 60) == TileId{60, 619375052752689920, 378211796976694016});
}

TEST_CASE("the north-west corner of a tile is in that tile") {
  for (int z = 0; z < 28; ++z) {
    const std::uint64_t tiles = std::uint64_t{1} << static_cast<unsigned>(z);
    for (std::uint64_t i = 0; i < 50; ++i) {
      const TileId tile{z, (i * 2654435761U) % tiles, (i * 40503U + 7) % tiles};
      const Box box = lonlat_box(tile);
      CHECK(tile_at({box.west, box.north}, z) == tile);
    }
  }
}

TEST_CASE("places beyond the grid are in its first or last row or column") {
  CHECK(tile_at({-179.999, -85.06}, 30) == TileId{30, 2982, 1073741823});
  CHECK(tile_at({-500, 90}, 3) == TileId{3, 0, 0});
  CHECK(tile_at({500, -90}, 3) == TileId{3, 7, 7});
  CHECK(tile_at({180 - 1e-13, 0}, 60).x < (std::uint64_t{1} << 60U));
  CHECK(tile_at({0, 1e300}, 3).y == 0);
  CHECK_THROWS_AS(tile_at({0, 0}, 61), Error);
  CHECK_THROWS_AS(tile_at({0, 0}, -1), Error);
}

TEST_CASE("a tile meets a box between the tiles of its corners, both included") {
  const Box box{13.0, 52.0, 14.0, 53.0};
  const TileId first = tile_at({13, 53}, 10);
  const TileId last = tile_at({14, 52}, 10);
  CHECK(tile_meets(first, box));
  CHECK(tile_meets(last, box));
  CHECK_FALSE(tile_meets({10, first.x - 1, first.y}, box));
  CHECK_FALSE(tile_meets({10, last.x, last.y + 1}, box));
  CHECK(tile_meets({0, 0, 0}, box));
  CHECK_FALSE(tile_meets({0, 1, 0}, box));
  CHECK_FALSE(tile_meets({61, 0, 0}, {-180, -90, 180, 90}));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(tile_meets({0, 0, 0}, {nan, 0, 1, 1}));
}

TEST_CASE("a box over the date line meets tiles on both sides of it and no others") {
  for (const Box box :
       {Box{170, -10, 190, 10}, Box{170, -10, -170, 10}, Box{-190, -10, -170, 10}}) {
    CHECK(tile_meets({4, 0, 8}, box));
    CHECK(tile_meets({4, 15, 8}, box));
    CHECK_FALSE(tile_meets({4, 8, 8}, box));
  }
  CHECK(tile_meets({1, 0, 0}, {0, 10, 360, 20}));
  CHECK_FALSE(tile_meets({4, 0, 8}, {160, -10, 180, 10}));
}

TEST_CASE("a tile is read from digits of any length and from nothing else") {
  CHECK(tile_from_text("12", "2200", "01343") == TileId{12, 2200, 1343});
  for (const char* wrong : {"", "-1", "+1", "1.0", " 1", "0x1", "a"}) {
    CHECK_FALSE(tile_from_text(wrong, "0", "0"));
    CHECK_FALSE(tile_from_text("0", wrong, "0"));
    CHECK_FALSE(tile_from_text("0", "0", wrong));
  }
  const Box world{-180, -90, 180, 90};
  const std::string huge(100, '9');
  CHECK_FALSE(tile_meets(*tile_from_text(huge, "0", "0"), world));
  CHECK_FALSE(tile_meets(*tile_from_text("1", huge, "0"), world));
  CHECK_FALSE(tile_meets(*tile_from_text("1", "0", huge), world));
}
