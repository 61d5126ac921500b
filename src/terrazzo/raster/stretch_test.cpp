#include "terrazzo/raster/stretch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

namespace terrazzo::raster {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class T>
Image image_of(const std::vector<T>& values) {
  Image image(element_type<T>(), 1, 1, values.size());
  std::copy(values.begin(), values.end(), image.values<T>().begin());
  return image;
}

std::vector<int> stretched(const Image& image, Range range) {
  std::vector<std::uint8_t> out(image.pixels());
  stretch(image, 0, range, out);
  return {out.begin(), out.end()};
}

std::vector<int> stretched_once(const Image& image, Range range) {
  std::vector<std::uint8_t> out(image.pixels());
  stretch_once(image, 0, range, out);
  return {out.begin(), out.end()};
}

// The words of the contract, as slow as they are.
int expected(double value, Range range) {
  if (!std::isfinite(value)) return 0;
  double scaled = value - range.low;
  if (std::abs(range.high - range.low) > 1e-8) scaled *= 1.0 / (range.high - range.low);
  return static_cast<int>(std::nearbyint(1 + 254 * std::clamp(scaled, 0.0, 1.0)));
}

const std::vector<Range> ranges = {
    {0, 255},        {0, 65535},  {100, 3000}, {3000, 100},     {-500, 500}, {10, 10},
    {10, 10 + 1e-9}, {0.5, 0.25}, {1, 3343},   {-32768, 32767}, {0, 508},    {7, 8}};

// As many pixels as the type has values, and some: the way through tables.
template <class T>
Image every_value() {
  Image image(element_type<T>(), 1, 4 << (4 * sizeof(T)), 1 << (4 * sizeof(T)));
  int next = std::numeric_limits<T>::min();
  for (T& value : image.values<T>()) {
    value = static_cast<T>(next);
    next =
        next == std::numeric_limits<T>::max() ? std::numeric_limits<T>::min() : next + 1;
  }
  return image;
}

template <class T>
void check_every_value() {
  const Image image = every_value<T>();
  for (const Range range : ranges) {
    const std::vector<int> got = stretched(image, range);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < got.size(); ++i)
      wrong += got[i] != expected(image.values<T>()[i], range);
    CHECK_MESSAGE(wrong == 0, name_of(image.type()), " from ", range.low, " to ",
                  range.high);
  }
}

template <class T>
void check_some_values() {
  std::mt19937 random(1);
  std::vector<T> values;
  for (int i = 0; i < 100; ++i) values.push_back(static_cast<T>(random() % 4000));
  const Image image = image_of(values);
  for (const Range range : ranges) {
    std::vector<int> want;
    for (const T value : values)
      want.push_back(expected(static_cast<double>(value), range));
    CHECK(stretched(image, range) == want);
  }
}

}  // namespace

TEST_CASE("0..1 fills 1..65535 half to even, and what is not there is 0") {
  const std::vector<double> scaled = {
      0,        1,         0.5,          1.5 / 65534, 2.5 / 65534, -1, 2, not_a_number,
      infinity, -infinity, 100 / 65534.0};
  std::vector<std::uint8_t> valid(scaled.size(), 1);
  valid.back() = 0;
  std::vector<std::uint16_t> words(scaled.size());
  to_words(scaled, valid, words);
  CHECK(words == std::vector<std::uint16_t>{1, 65535, 32768, 2, 4, 1, 65535, 0, 0, 0, 0});
}

TEST_CASE("the range becomes 1 to 255 and what lies beyond it is clamped") {
  const Image image = image_of<std::int32_t>({-1000, 0, 50, 100, 1000});
  CHECK(stretched(image, {0, 100}) == std::vector{1, 1, 128, 255, 255});
}

TEST_CASE("the numbers of Terracotta's own test come out") {
  const Image image = image_of<std::int16_t>({-50, 0, 10, 255, 256, 1000});
  CHECK(stretched_once(image, {-50, 1000}) == std::vector{1, 13, 16, 75, 75, 255});
  CHECK(stretched(image, {-50, 1000}) == std::vector{1, 13, 16, 75, 75, 255});
}

TEST_CASE("every value of the small types follows the formula whatever the range") {
  check_every_value<std::uint8_t>();
  check_every_value<std::int8_t>();
  check_every_value<std::uint16_t>();
  check_every_value<std::int16_t>();
}

TEST_CASE("small pictures of every type follow the formula") {
  check_some_values<std::uint8_t>();
  check_some_values<std::int8_t>();
  check_some_values<std::uint16_t>();
  check_some_values<std::int16_t>();
  check_some_values<std::uint32_t>();
  check_some_values<std::int32_t>();
  check_some_values<std::uint64_t>();
  check_some_values<std::int64_t>();
  check_some_values<float>();
  check_some_values<double>();
}

TEST_CASE("halves are rounded to even") {
  // 1 + v / 2
  const Image image = image_of<std::uint16_t>({0, 1, 3, 5, 7, 507, 508});
  CHECK(stretched_once(image, {0, 508}) == std::vector{1, 2, 2, 4, 4, 254, 255});
  const std::vector<double> scaled = {0.5 / 254, 1.5 / 254, 2.5 / 254};
  const std::vector<std::uint8_t> valid(3, 1);
  std::vector<std::uint8_t> out(3);
  to_bytes(scaled, valid, out);
  CHECK(std::vector<int>(out.begin(), out.end()) == std::vector{2, 2, 4});
}

TEST_CASE("a reversed range inverts the picture") {
  const Image image = image_of<float>({0, 25, 50, 100});
  CHECK(stretched(image, {100, 0}) == std::vector{255, 192, 128, 1});
}

TEST_CASE("an empty range makes a step one unit wide") {
  const Image image = image_of<float>({9, 10, 10.5F, 11, 300});
  CHECK(stretched(image, {10, 10}) == std::vector{1, 1, 128, 255, 255});
  CHECK(stretched(image_of<float>({-1, 0, 0.5F, 2}), {0, 1e-8}) ==
        std::vector{1, 1, 128, 255});
  CHECK(stretched_once(image, {10, 10}) == std::vector{1, 1, 2, 2, 255});
}

TEST_CASE("a range a little wider than empty is divided by") {
  const Image image = image_of<double>({0, 1e-7, 2e-7});
  CHECK(stretched(image, {0, 2e-7}) == std::vector{1, 128, 255});
}

TEST_CASE("no data, NaN and infinite pixels become 0") {
  Image image = image_of<double>({5, not_a_number, infinity, -infinity, 5});
  image.valid()[4] = 0;
  CHECK(stretched(image, {0, 10}) == std::vector{128, 0, 0, 0, 0});
  CHECK(stretched_once(image, {0, 10}) == std::vector{128, 0, 0, 0, 0});
}

TEST_CASE("no data becomes 0 in tables too") {
  Image image = every_value<std::uint16_t>();
  for (std::size_t i = 0; i < image.pixels(); i += 2) image.valid()[i] = 0;
  const std::vector<int> got = stretched(image, {0, 65535});
  CHECK(got[0] == 0);
  CHECK(got[1] == 1);
  CHECK(got[65534] == 0);
  CHECK(got[65535] == 255);
}

TEST_CASE("a range that is no number makes an empty picture, not a crash") {
  const Image image = image_of<float>({1, 2});
  CHECK(stretched(image, {not_a_number, 5}) == std::vector{0, 0});
  CHECK(stretched(image, {-infinity, infinity}) == std::vector{0, 0});
}

TEST_CASE("scale then bytes is the same as stretch") {
  std::mt19937 random(3);
  Image image(ElementType::float32, 2, 30, 40);
  for (float& value : image.values<float>(1))
    value = static_cast<float>(random() % 100000) / 37 - 500;
  for (std::size_t i = 0; i < 100; ++i) image.valid()[random() % image.pixels()] = 0;
  std::vector<double> scaled(image.pixels());
  std::vector<std::uint8_t> slow(image.pixels());
  std::vector<std::uint8_t> fast(image.pixels());
  for (const Range range : ranges) {
    scale(image, 1, range, scaled);
    to_bytes(scaled, image.valid(), slow);
    stretch(image, 1, range, fast);
    CHECK(slow == fast);
  }
}

TEST_CASE("scaled values lie in 0 to 1 and are NaN where there is no data") {
  Image image = image_of<float>({-5, 5, 50, 7, static_cast<float>(infinity)});
  image.valid()[3] = 0;
  std::vector<double> scaled(5);
  scale(image, 0, {0, 10}, scaled);
  CHECK(scaled[0] == 0);
  CHECK(scaled[1] == 0.5);
  CHECK(scaled[2] == 1);
  CHECK(std::isnan(scaled[3]));
  CHECK(std::isnan(scaled[4]));
}

TEST_CASE("scaled values beyond 0 to 1, as color transforms make them, are clamped") {
  const std::vector<double> scaled = {-3, 4, not_a_number, infinity, 1};
  const std::vector<std::uint8_t> valid = {1, 1, 1, 1, 0};
  std::vector<std::uint8_t> out(5);
  to_bytes(scaled, valid, out);
  CHECK(std::vector<int>(out.begin(), out.end()) == std::vector{1, 255, 0, 0, 0});
}

}  // namespace terrazzo::raster
