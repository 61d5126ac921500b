#include "terrazzo/io/nodata.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace terrazzo;
using namespace terrazzo::io;

TEST_CASE("a nodata marks exactly its value, and none that the type cannot hold") {
  const auto valid = []<class T>(std::vector<T> values, const io::BandInfo& band) {
    Image image{element_type<T>(), 1, 1, values.size()};
    std::ranges::copy(values, image.values<T>().begin());
    mask_nodata(image, band);
    return std::vector<int>(image.valid().begin(), image.valid().end());
  };
  using Int = std::numeric_limits<std::int64_t>;
  using Uint = std::numeric_limits<std::uint64_t>;
  const std::vector<std::int64_t> ends{Int::min(), Int::max() - 1, Int::max()};
  const double beyond = std::ldexp(1.0, 63);
  CHECK(valid(ends, {.nodata = beyond}) == std::vector{1, 1, 1});
  CHECK(valid(ends, {.nodata = -beyond}) == std::vector{0, 1, 1});
  CHECK(valid(ends, {.nodata = beyond,
                     .nodata_bits = static_cast<std::uint64_t>(Int::max())}) ==
        std::vector{1, 1, 0});
  const std::vector<std::uint64_t> high{0, std::uint64_t{1} << 63U, Uint::max()};
  CHECK(valid(high, {.nodata = beyond}) == std::vector{1, 0, 1});
  CHECK(valid(high, {.nodata = 2 * beyond}) == std::vector{1, 1, 1});
  CHECK(valid(high, {.nodata = 2 * beyond, .nodata_bits = Uint::max()}) ==
        std::vector{1, 1, 0});
  CHECK(valid(std::vector<std::uint8_t>{0, 255}, {.nodata = 0.5}) == std::vector{1, 1});
  CHECK(valid(std::vector<std::uint8_t>{0, 255}, {.nodata = 256}) == std::vector{1, 1});
  CHECK(valid(std::vector{0.0F, 1.5F}, {.nodata = 1.5}) == std::vector{1, 0});
  CHECK(valid(std::vector{0.0F, 1.5F}, {.nodata = 1e300}) == std::vector{1, 1});
}

TEST_CASE_TEMPLATE(
    "a nodata is found everywhere in a row of any length, and hidden pixels stay hidden",
    T, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::int64_t, float,
    double) {
  for (const std::size_t length : {std::size_t{1}, std::size_t{63}, std::size_t{64},
                                   std::size_t{65}, std::size_t{200}}) {
    Image image{element_type<T>(), 1, 1, length};
    for (std::size_t i = 0; i < length; ++i) {
      image.values<T>()[i] = static_cast<T>(i * i % 7);
      image.valid()[i] = i % 5 != 0;
    }
    mask_nodata(image, {.nodata = 4});
    for (std::size_t i = 0; i < length; ++i)
      REQUIRE(image.valid()[i] == (i % 5 != 0 && i * i % 7 != 4));
  }
}
