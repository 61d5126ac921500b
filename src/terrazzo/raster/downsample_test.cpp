#include "terrazzo/raster/downsample.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/warp_samples.hpp"

namespace terrazzo::raster {
namespace {

constexpr std::array kernels{Kernel::nearest, Kernel::bilinear, Kernel::cubic,
                             Kernel::average};

template <class T>
Image image_of(const Source<T>& source) {
  Image image{element_type<T>(), 1, source.rows, source.cols};
  std::ranges::copy(source.values, image.values<T>().begin());
  if (!source.valid.empty()) std::ranges::copy(source.valid, image.valid().begin());
  return image;
}

double overlap(double at, double low, double high) {
  return std::max(std::min(at + 1, high) - std::max(at, low), 0.0);
}

// The mean of the valid pixels under a pixel of the picture; NaN without any.
template <class T>
double mean_under(const Image& fine, const FineLine& cols, const FineLine& rows,
                  std::size_t row, std::size_t col) {
  double sum = 0;
  double weight = 0;
  for (std::size_t y = 0; y < fine.rows(); ++y)
    for (std::size_t x = 0; x < fine.cols(); ++x) {
      const double west = cols.start + static_cast<double>(col) * cols.step;
      const double north = rows.start + static_cast<double>(row) * rows.step;
      const double part = overlap(static_cast<double>(x), west, west + cols.step) *
                          overlap(static_cast<double>(y), north, north + rows.step);
      if (fine.valid()[y * fine.cols() + x] == 0 || part == 0) continue;
      sum += part * static_cast<double>(fine.values<T>()[y * fine.cols() + x]);
      weight += part;
    }
  return sum / weight;
}

template <class T>
void check_average(double tolerance) {
  CAPTURE(name_of(element_type<T>()));
  const Image fine = image_of(noise<T>(61, 83, true));
  const FineLine cols{2.3, 1.7};
  const FineLine rows{-1.5, 2.25};
  Image picture{element_type<T>(), 1, 29, 47};
  downsample(fine, cols, rows, Kernel::average, picture);
  std::size_t wrong = 0;
  for (std::size_t row = 0; row < 29; ++row)
    for (std::size_t col = 0; col < 47; ++col) {
      const double x = std::floor(cols.centre(col));
      const double y = std::floor(rows.centre(row));
      const bool inside = x >= 0 && x < 83 && y >= 0 && y < 61;
      const bool valid =
          inside && fine.valid()[static_cast<std::size_t>(y * 83 + x)] != 0;
      wrong += (picture.valid()[row * 47 + col] != 0) != valid;
      const auto value = static_cast<double>(picture.values<T>()[row * 47 + col]);
      const double mean = valid ? mean_under<T>(fine, cols, rows, row, col) : 0;
      wrong += std::abs(value - mean) > tolerance;
    }
  CHECK(wrong == 0);
}

TEST_CASE("an average is the mean of the valid pixels by the area covered") {
  check_average<std::uint8_t>(0.51);
  check_average<std::int16_t>(0.52);
  check_average<std::uint16_t>(0.52);
  check_average<std::uint32_t>(0.51);
  check_average<float>(1e-3);
  check_average<double>(1e-8);
}

TEST_CASE("on the fine pixels themselves a picture is a part of them") {
  const Image fine = image_of(noise<std::int16_t>(50, 70, true));
  for (const Kernel kernel : kernels) {
    Image picture{ElementType::int16, 1, 20, 40};
    downsample(fine, {13, 1}, {9, 1}, kernel, picture);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < picture.pixels(); ++i) {
      const std::size_t from = (i / 40 + 9) * 70 + i % 40 + 13;
      const bool valid = fine.valid()[from] != 0;
      wrong += (picture.valid()[i] != 0) != valid;
      wrong += picture.values<std::int16_t>()[i] !=
               (valid ? fine.values<std::int16_t>()[from] : 0);
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("holes and edges leave no trace in a constant") {
  Image fine{ElementType::float32, 1, 60, 60};
  for (std::size_t i = 0; i < fine.pixels(); ++i) {
    const bool hole = (i / 60 + i % 60) % 5 == 0;
    fine.valid()[i] = hole ? 0 : 1;
    fine.values<float>()[i] = hole ? std::numeric_limits<float>::quiet_NaN() : 42;
  }
  for (const Kernel kernel : kernels) {
    Image picture{ElementType::float32, 1, 30, 30};
    downsample(fine, {-3, 2.2}, {1.1, 2.1}, kernel, picture);
    for (std::size_t i = 0; i < picture.pixels(); ++i)
      REQUIRE(picture.values<float>()[i] ==
              doctest::Approx(picture.valid()[i] != 0 ? 42 : 0).epsilon(1e-6));
    CHECK(std::ranges::count(picture.valid(), 1) > 500);
    CHECK(picture.valid()[0] == 0);  // beyond the edge
  }
}

TEST_CASE("kernels keep a plane and differ elsewhere") {
  Image fine{ElementType::float64, 1, 90, 90};
  for (std::size_t i = 0; i < fine.pixels(); ++i)
    fine.values<double>()[i] =
        3 * (static_cast<double>(i % 90) + 0.5) - (static_cast<double>(i / 90) + 0.5);
  for (const Kernel kernel : {Kernel::bilinear, Kernel::cubic, Kernel::average}) {
    Image picture{ElementType::float64, 1, 10, 10};
    const FineLine line{20, 4};
    downsample(fine, line, line, kernel, picture);
    for (std::size_t i = 0; i < picture.pixels(); ++i)
      REQUIRE(picture.values<double>()[i] ==
              doctest::Approx(3 * line.centre(i % 10) - line.centre(i / 10)));
  }
}

TEST_CASE("a picture beside the fine pixels is empty, one pixel is enough for others") {
  Image one{ElementType::uint8, 1, 1, 1};
  one.values<std::uint8_t>()[0] = 200;
  for (const Kernel kernel : kernels) {
    Image picture{ElementType::uint8, 1, 3, 3};
    downsample(one, {-4, 3}, {-4, 3}, kernel, picture);
    CHECK(std::ranges::count(picture.valid(), 1) == 1);
    CHECK(picture.values<std::uint8_t>()[4] == 200);
    downsample(one, {40, 3}, {40, 3}, kernel, picture);
    CHECK(std::ranges::count(picture.valid(), 1) == 0);
  }
}

TEST_CASE("what cannot be downsampled is the caller's mistake") {
  const Image fine{ElementType::uint8, 1, 4, 4};
  Image floats{ElementType::float32, 1, 2, 2};
  CHECK_THROWS_WITH_AS(downsample(fine, {0, 2}, {0, 2}, Kernel::average, floats),
                       doctest::Contains("uint8"), Error);
  Image bytes{ElementType::uint8, 1, 2, 2};
  CHECK_THROWS_AS(downsample(fine, {0, 2}, {0, 2}, Kernel::mode, bytes), Error);
}

}  // namespace
}  // namespace terrazzo::raster
