#include "terrazzo/io/measured_strips.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

using namespace terrazzo;
using namespace terrazzo::io;

namespace {

// Numbers from a seed, some of them nodata; two samples side by side, and a mask.
class Numbers final : public StripSource {
 public:
  Numbers() {
    std::mt19937 dice{7};
    for (std::uint16_t& value : values)
      value = static_cast<std::uint16_t>(dice() % 20 == 0 ? 0 : 100 + dice() % 5000);
    for (std::uint8_t& flag : valid) flag = dice() % 3 == 0 ? 0 : 1;
  }
  const StripShape& shape() const override { return shape_; }
  void read(std::size_t first, std::size_t count, Strip& to, const Context&) override {
    to.resize(shape_, count);
    std::memcpy(to.values.data(), &values[first * cols * 2], to.values.size());
    std::memcpy(to.valid.data(), &valid[first * cols], to.valid.size());
  }
  // A sample of all rows as one image; hidden where `hides` says so.
  template <class Hides>
  Image whole(std::size_t sample, const Hides& hides) const {
    Image image{ElementType::uint16, 1, rows, cols};
    for (std::size_t i = 0; i < rows * cols; ++i) {
      image.values<std::uint16_t>()[i] = values[i * 2 + sample];
      image.valid()[i] = hides(i) ? 0 : 1;
    }
    return image;
  }

  static constexpr std::size_t rows = 37;
  static constexpr std::size_t cols = 23;
  std::vector<std::uint16_t> values = std::vector<std::uint16_t>(rows * cols * 2);
  std::vector<std::uint8_t> valid = std::vector<std::uint8_t>(rows * cols);

 private:
  const StripShape shape_{ElementType::uint16, 2, rows, cols, true};
};

MeasuredPixels measured(Numbers& numbers, std::vector<BandInfo> bands,
                        std::optional<std::size_t> alpha) {
  MeasuredStrips strips{numbers, std::move(bands), alpha};
  Strip strip;
  for (std::size_t first = 0; first < Numbers::rows; first += 8)
    strips.read(first, std::min<std::size_t>(8, Numbers::rows - first), strip, {});
  return strips.take();
}

void check_same(const raster::StatisticsSum& ours, const Image& whole) {
  raster::StatisticsSum plain{whole.type()};
  plain.add(whole);
  const raster::Statistics expected = plain.result();
  const raster::Statistics got = ours.result();
  CHECK(got.valid_percentage == expected.valid_percentage);
  CHECK(got.low == expected.low);
  CHECK(got.high == expected.high);
  CHECK(got.mean == doctest::Approx(expected.mean));
  CHECK(got.percentiles == expected.percentiles);
}

}  // namespace

TEST_CASE("rows that pass are measured as the whole image would be") {
  Numbers numbers;
  BandInfo with_nodata{.type = ElementType::uint16};
  with_nodata.nodata = 0;
  const BandInfo plain{.type = ElementType::uint16};
  const auto pixels = measured(numbers, {with_nodata, plain}, {});
  const Image first = numbers.whole(0, [&](std::size_t i) {
    return numbers.valid[i] == 0 || numbers.values[i * 2] == 0;
  });
  check_same(pixels.samples[0], first);
  check_same(pixels.samples[1],
             numbers.whole(1, [&](std::size_t i) { return numbers.valid[i] == 0; }));
  raster::HullSum hull;
  hull.add(first, 0, 0);
  CHECK(pixels.hull.result() == hull.result());
}

TEST_CASE("alpha hides what passes and is not measured itself") {
  Numbers numbers;
  const BandInfo plain{.type = ElementType::uint16};
  const auto pixels = measured(numbers, {plain, plain}, 1);
  check_same(pixels.samples[0], numbers.whole(0, [&](std::size_t i) {
    return numbers.valid[i] == 0 || numbers.values[i * 2 + 1] == 0;
  }));
  CHECK_THROWS_AS(pixels.samples[1].result(), Error);
}
