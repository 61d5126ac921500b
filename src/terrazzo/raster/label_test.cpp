#include "terrazzo/raster/label.hpp"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

using namespace terrazzo;
using namespace terrazzo::raster;

namespace {

using Bytes = std::vector<std::uint8_t>;

template <class T>
Bytes labelled(const std::vector<T>& pixels, const std::vector<double>& labels,
               std::size_t invalid_pixel = SIZE_MAX) {
  Image image{element_type<T>(), 1, 1, pixels.size()};
  std::ranges::copy(pixels, image.values<T>().begin());
  if (invalid_pixel < pixels.size()) image.valid()[invalid_pixel] = 0;
  Bytes out(pixels.size());
  label(image, 0, labels, out);
  return out;
}

}  // namespace

TEST_CASE("a pixel becomes the place of its label, others and invalid ones 0") {
  CHECK(labelled<std::uint8_t>({3, 1, 2, 9, 1}, {1, 2, 3}, 4) == Bytes{3, 1, 2, 0, 0});
}

TEST_CASE("of equal labels the last one counts") {
  CHECK(labelled<std::int16_t>({-2, 5}, {-2, 5, -2}) == Bytes{3, 2});
}

TEST_CASE("float32 pixels match labels written in decimal") {
  CHECK(labelled<float>({0.1F, 0.25F}, {0.1, 0.25}) == Bytes{1, 2});
}

TEST_CASE("more than 255 labels are refused") {
  CHECK_THROWS_WITH_AS(labelled<float>({0}, std::vector<double>(256)),
                       doctest::Contains("256 classes are too many"), Error);
}
