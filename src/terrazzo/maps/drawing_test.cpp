// Pictures in other formats than PNG.
#include <cmath>
#include <cstring>

#include <doctest/doctest.h>

#include "terrazzo/io/png.hpp"
#include "terrazzo/maps/test_world.hpp"

using namespace terrazzo;
using namespace terrazzo::maps;
using namespace terrazzo::maps::testing;

namespace {

// The last numbers of a file of uint16.
std::vector<std::uint16_t> last_words(const std::string& file, std::size_t count) {
  std::vector<std::uint16_t> words(count);
  REQUIRE(file.size() > count * 2);
  std::memcpy(words.data(), file.data() + file.size() - count * 2, count * 2);
  return words;
}

}  // namespace

TEST_CASE("16 bits are stretched over 1..65535") {
  World world;
  auto request = band("a");
  request.size = TileSize{2, 512};
  request.format = "png16";
  std::vector<std::uint16_t> want(1024);
  for (std::size_t c = 0; c < 512; ++c)
    want[512 + c] = static_cast<std::uint16_t>(
        std::nearbyint(1 + 65534 * (static_cast<double>(c) * (1.0 / 511))));
  CHECK(*world.maps().singleband(request).bytes() == io::png_grey16(want, 2, 512, 1));
}

TEST_CASE("values come as they are, whatever the stretch") {
  World world;
  auto request = band("a");
  request.size = TileSize{2, 512};
  request.format = "npy";
  const auto maps = world.maps();
  const auto picture = maps.singleband(request).bytes();
  CHECK(picture->find("'<u2'") != std::string::npos);
  CHECK(picture->find("(2, 2, 512)") != std::string::npos);
  const auto values = last_words(*picture, 2048);
  for (std::size_t c = 0; c < 512; ++c) {
    REQUIRE(values[c] == 0);  // row 0 is no data
    REQUIRE(values[512 + c] == c);
    REQUIRE(values[1024 + c] == 0);
    REQUIRE(values[1536 + c] == 255);
  }
  request.stretch = {1.0, 2.0};
  CHECK(maps.singleband(request).bytes() == picture);  // the same, not a copy
}

TEST_CASE("values of a tile elsewhere have the type and size of the others") {
  World world;
  auto request = band("a", elsewhere);
  request.size = TileSize{4, 8};
  request.format = "npy";
  const auto maps = world.maps();
  const auto picture = maps.singleband(request).bytes();
  CHECK(picture->find("'<u2'") != std::string::npos);
  CHECK(picture->find("(2, 4, 8)") != std::string::npos);
  CHECK(last_words(*picture, 64) == std::vector<std::uint16_t>(64));
  auto sum = compute("v1+v2*0.5");
  sum.tile = elsewhere;
  sum.format = "npy";
  CHECK(maps.compute(sum).bytes()->find(
            "'<f8', 'fortran_order': False, 'shape': (2, 256") != std::string::npos);
  CHECK(world.reads == 0);
}

TEST_CASE("a tile elsewhere is empty in every format, of the size that was asked for") {
  World world;
  const auto maps = world.maps();
  for (const auto* format : {"jpeg", "webp", "png16"}) {
    auto request = band("a", elsewhere);
    request.format = format;
    request.size = TileSize{8, 8};
    const auto small = maps.singleband(request).bytes();
    request.size = TileSize{64, 64};
    CHECK(*small != *maps.singleband(request).bytes());
  }
  CHECK(world.reads == 0);
}

TEST_CASE("a format that there is not is not found, and named with those there are") {
  World world;
  auto request = band("a");
  request.format = "gif";
  CHECK_THROWS_WITH_AS(world.maps().singleband(request),
                       doctest::Contains("no picture format is called 'gif'; there are:"),
                       Error);
}
