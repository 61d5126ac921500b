#include "terrazzo/raster/reduce.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace terrazzo::raster {
namespace {

template <class T>
struct Reduced {
  std::vector<T> values;
  std::vector<std::uint8_t> valid;
};

template <class T>
Reduced<T> reduce(PixelRows image, const std::vector<T>& values, Reduction how,
                  const std::vector<std::uint8_t>& valid = {}) {
  image.type = element_type<T>();
  image.masked = !valid.empty();
  const auto reducer = row_reducer(image, how);
  Reduced<T> result;
  const std::size_t row = image.cols * image.samples;
  for (std::size_t r = 0; r < image.rows; ++r)
    reducer->add(
        std::as_bytes(std::span{values}.subspan(r * row, row)),
        valid.empty() ? std::span<const std::uint8_t>{}
                      : std::span{valid}.subspan(r * image.cols, image.cols),
        [&](std::span<const std::byte> made, std::span<const std::uint8_t> mask) {
          const auto* first = reinterpret_cast<const T*>(made.data());
          result.values.insert(result.values.end(), first,
                               first + made.size() / sizeof(T));
          result.valid.insert(result.valid.end(), mask.begin(), mask.end());
        });
  return result;
}

using Bytes = std::vector<std::uint8_t>;
using Ints = std::vector<std::int16_t>;
using Floats = std::vector<float>;

}  // namespace

TEST_CASE("2 x 2 pixels become their mean, halves rounded up, sample by sample") {
  const auto grey = reduce<std::uint8_t>({.rows = 2, .cols = 4},
                                         {1, 2, 255, 255,  //
                                          3, 4, 255, 254},
                                         Reduction::average);
  CHECK(grey.values == Bytes{3, 255});
  CHECK(reduce<std::int16_t>({.rows = 2, .cols = 2}, {-1, -2, -3, -4}, Reduction::average)
            .values == Ints{-2});
  const auto colors = reduce<std::uint8_t>({.samples = 3, .rows = 2, .cols = 2},
                                           {0, 10, 20, 4, 10, 22, 0, 10, 20, 4, 10, 22},
                                           Reduction::average);
  CHECK(colors.values == Bytes{2, 10, 21});
  for (const std::size_t samples : {1U, 2U, 3U, 4U, 5U}) {
    std::vector<std::uint16_t> values(4 * samples);
    std::iota(values.begin(), values.end(), std::uint16_t{0});
    const auto means = reduce<std::uint16_t>({.samples = samples, .rows = 2, .cols = 2},
                                             values, Reduction::average);
    for (std::size_t s = 0; s < samples; ++s)
      CHECK(means.values[s] == (6 * samples + 4 * s + 2) / 4);
  }
}

TEST_CASE("hidden pixels have no weight; a pixel stays if one of its pixels did") {
  const auto made = reduce<std::uint8_t>({.rows = 2, .cols = 4, .nodata = 9},
                                         {10, 200, 1, 1,  //
                                          13, 200, 1, 1},
                                         Reduction::average,
                                         {1, 0, 0, 0,  //
                                          1, 0, 0, 0});
  CHECK(made.values == Bytes{12, 9});
  CHECK(made.valid == Bytes{1, 0});
  const auto mean_of_negative = reduce<std::int16_t>(
      {.rows = 2, .cols = 2}, {-5, -6, -8, 99}, Reduction::average, {1, 1, 1, 0});
  CHECK(mean_of_negative.values == Ints{-6});
}

TEST_CASE("nodata without a mask hides each sample by itself") {
  const auto made =
      reduce<std::uint8_t>({.samples = 2, .rows = 2, .cols = 2, .nodata = 0},
                           {0, 8, 4, 8, 0, 0, 4, 0}, Reduction::average);
  CHECK(made.values == Bytes{4, 8});
}

TEST_CASE("a mean that would be nodata is moved beside it") {
  CHECK(reduce<std::uint8_t>({.rows = 2, .cols = 2, .nodata = 5}, {4, 6, 4, 6},
                             Reduction::average)
            .values == Bytes{6});
  CHECK(reduce<std::uint8_t>({.rows = 2, .cols = 2, .nodata = 255}, {255, 254, 255, 255},
                             Reduction::average, {1, 1, 1, 1})
            .values == Bytes{254});
}

TEST_CASE("NaN has no weight") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto made = reduce<float>({.rows = 2, .cols = 4},
                                  {nan, 1, nan, nan, 3, 5, nan, nan}, Reduction::average);
  CHECK(made.values == Floats{3, 0});
}

TEST_CASE("alpha hides colours where it is 0 and is averaged itself") {
  const auto made =
      reduce<std::uint8_t>({.samples = 2, .rows = 2, .cols = 2, .alpha = 1},
                           {100, 255, 7, 0, 100, 255, 7, 0}, Reduction::average);
  CHECK(made.values == Bytes{100, 128});
}

TEST_CASE("odd sizes are averaged by the parts that are covered") {
  const auto made =
      reduce<double>({.rows = 1, .cols = 5}, {1, 2, 3, 4, 5}, Reduction::average);
  REQUIRE(made.values.size() == 2);
  CHECK(made.values[0] == doctest::Approx((1 + 2 + 3 * 0.5) / 2.5));
  CHECK(made.values[1] == doctest::Approx((3 * 0.5 + 4 + 5) / 2.5));
  CHECK(reduce<std::uint8_t>({.rows = 3, .cols = 3}, Bytes(9, 7), Reduction::average)
            .values == Bytes{7});
  CHECK(reduce<std::uint8_t>({.rows = 1, .cols = 1}, {7}, Reduction::average).values ==
        Bytes{7});
}

TEST_CASE("nearest takes pixels as they are") {
  CHECK(reduce<std::uint8_t>({.rows = 2, .cols = 4}, {1, 2, 3, 4, 5, 6, 7, 8},
                             Reduction::nearest)
            .values == Bytes{1, 3});
}

TEST_CASE("wider kernels keep constant and linear pictures") {
  for (const Reduction how : {Reduction::bilinear, Reduction::cubic}) {
    CHECK(reduce<std::uint16_t>({.rows = 8, .cols = 7},
                                std::vector<std::uint16_t>(56, 900), how)
              .values == std::vector<std::uint16_t>(12, 900));
    std::vector<double> ramp(16);
    std::iota(ramp.begin(), ramp.end(), 0.0);
    const auto made = reduce<double>({.rows = 1, .cols = 16}, ramp, how);
    for (std::size_t i = 2; i < 6; ++i)
      CHECK(made.values[i] == doctest::Approx(2 * static_cast<double>(i) + 0.5));
  }
}

}  // namespace terrazzo::raster
