#include "terrazzo/io/samples.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "support/blocks.hpp"
#include "terrazzo/io/predictor.hpp"

namespace terrazzo::io {
namespace {

using test::Bytes;

template <class T>
Bytes bytes_of(const std::vector<T>& values) {
  Bytes result(values.size() * sizeof(T));
  std::memcpy(result.data(), values.data(), result.size());
  return result;
}

template <class T>
std::vector<T> values_of(const Bytes& bytes) {
  std::vector<T> result(bytes.size() / sizeof(T));
  std::memcpy(result.data(), bytes.data(), bytes.size());
  return result;
}

template <class T>
std::vector<T> swapped(std::vector<T> values) {
  for (T& value : values) {
    auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
    std::reverse(bytes.begin(), bytes.end());
    value = std::bit_cast<T>(bytes);
  }
  return values;
}

template <class T>
BlockShape shape_of(std::size_t rows, std::size_t cols, std::size_t samples) {
  return {.rows = rows,
          .cols = cols,
          .samples = samples,
          .bits = 8 * static_cast<int>(sizeof(T)),
          .format = std::is_floating_point_v<T> ? SampleFormat::floating
                                                : SampleFormat::unsigned_integer};
}

// What predictor 2 stores: what a pixel adds to the one before.
template <class T>
std::vector<T> differences(std::vector<T> values, const BlockShape& shape) {
  const std::size_t step = shape.cols * shape.samples;
  for (std::size_t row = 0; row < shape.rows; ++row)
    for (std::size_t i = step; i-- > shape.samples;) {
      T& value = values[row * step + i];
      value = static_cast<T>(value - values[row * step + i - shape.samples]);
    }
  return values;
}

// What predictor 3 stores: the differences of all highest bytes, then of the next ones.
template <class T>
Bytes float_differences(const std::vector<T>& values, const BlockShape& shape) {
  Bytes result;
  const std::size_t step = shape.cols * shape.samples;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    std::vector<std::uint8_t> planes;
    for (std::size_t plane = sizeof(T); plane-- > 0;)
      for (std::size_t i = 0; i < step; ++i) {
        const auto bytes =
            std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(values[row * step + i]);
        planes.push_back(bytes[plane]);
      }
    const BlockShape line{
        .rows = 1, .cols = planes.size() / shape.samples, .samples = shape.samples};
    for (const std::uint8_t b : differences(planes, line))
      result.push_back(static_cast<std::byte>(b));
  }
  return result;
}

template <class T>
std::vector<T> rough(std::size_t size) {
  return values_of<T>(test::noise(size * sizeof(T), 5));
}

template <class T>
void check_horizontal() {
  for (const std::size_t samples : {1, 2, 3, 4, 5, 8})
    for (const std::size_t cols : {1, 7, 16, 100}) {
      const BlockShape shape = shape_of<T>(3, cols, samples);
      const auto values = rough<T>(3 * cols * samples);
      const auto stored = differences(values, shape);
      Bytes block = bytes_of(stored);
      restore_samples(block, shape, Predictor::horizontal, false);
      CHECK(values_of<T>(block) == values);
      block = bytes_of(swapped(stored));
      restore_samples(block, shape, Predictor::horizontal, true);
      CHECK(values_of<T>(block) == values);
    }
}

template <class T>
void check_floating() {
  for (const std::size_t samples : {1, 3}) {
    const BlockShape shape = shape_of<T>(3, 21, samples);
    std::vector<T> values(3 * 21 * samples);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<T>(std::sin(static_cast<double>(i)) * 1e3);
    for (const bool from_other_machine : {false, true}) {
      Bytes block = float_differences(values, shape);
      restore_samples(block, shape, Predictor::floating, from_other_machine);
      CHECK(values_of<T>(block) == values);
    }
  }
}

template <class T>
std::vector<T> unpacked(const Bytes& block, int bits, std::size_t cols,
                        std::size_t rows = 1) {
  const BlockShape shape{.rows = rows, .cols = cols, .bits = bits};
  REQUIRE(block.size() == shape.bytes());
  std::vector<T> to(rows * cols);
  unpack(block, shape, to);
  return to;
}

// The oracle: bit by bit.
std::vector<std::uint16_t> read_bits(const Bytes& block, std::size_t bits,
                                     std::size_t cols, std::size_t rows) {
  const std::size_t row_bytes = (cols * bits + 7) / 8;
  std::vector<std::uint16_t> result(rows * cols);
  for (std::size_t i = 0; i < rows * cols; ++i)
    for (std::size_t k = 0; k < bits; ++k) {
      const std::size_t at = i % cols * bits + k;
      const auto byte = std::to_integer<unsigned>(block[i / cols * row_bytes + at / 8]);
      const unsigned bit = byte >> (7 - at % 8) & 1U;
      result[i] = static_cast<std::uint16_t>(result[i] << 1 | bit);
    }
  return result;
}

float widened(std::uint32_t bits, int width) {
  const BlockShape shape{
      .rows = 1, .cols = 1, .bits = width, .format = SampleFormat::floating};
  Bytes block = bytes_of(std::vector{bits});
  if constexpr (std::endian::native == std::endian::big)
    block.erase(block.begin(), block.end() - width / 8);
  block.resize(static_cast<std::size_t>(width) / 8);
  float value = 0;
  widen(block, shape, {&value, 1});
  return value;
}

ErrorKind refusal(int bits, SampleFormat format, Predictor predictor) {
  const BlockShape shape{.rows = 1, .cols = 8, .bits = bits, .format = format};
  Bytes block(shape.bytes());
  try {
    restore_samples(block, shape, predictor, false);
  } catch (const Error& e) {
    return e.kind();
  }
  return ErrorKind::internal;
}

}  // namespace

TEST_CASE("sums along a row are those of the plain way") {
  for (const std::size_t bytes : {1, 2, 4, 8})
    for (const std::size_t samples : {1, 2, 3, 4, 7})
      for (const std::size_t cols : {0, 1, 5, 15, 16, 17, 31, 64, 1000}) {
        CAPTURE(bytes);
        CAPTURE(samples);
        CAPTURE(cols);
        Bytes row = test::noise(bytes * samples * cols, 3);
        Bytes plain = row;
        add_up(row, bytes, samples);
        add_up_plainly(plain, bytes, samples);
        CHECK(row == plain);
      }
}

TEST_CASE("predictor 2 is undone, in either byte order") {
  check_horizontal<std::uint8_t>();
  check_horizontal<std::uint16_t>();
  check_horizontal<std::uint32_t>();
  check_horizontal<std::uint64_t>();
}

TEST_CASE("predictor 3 is undone, whatever the byte order") {
  check_floating<float>();
  check_floating<double>();
}

TEST_CASE("predictor 3 is undone for floats of 16 and 24 bits") {
  // The highest bytes 1 2 3, then the lower ones, each stored as what it adds.
  const BlockShape shape{
      .rows = 1, .cols = 3, .bits = 16, .format = SampleFormat::floating};
  Bytes block = test::bytes({1, 1, 1, 4, 1, 1});
  restore_samples(block, shape, Predictor::floating, false);
  CHECK(values_of<std::uint16_t>(block) ==
        std::vector<std::uint16_t>{0x0107, 0x0208, 0x0309});
  BlockShape wide = shape;
  wide.cols = 2;
  wide.bits = 24;
  block = test::bytes({1, 1, 1, 1, 1, 1});
  restore_samples(block, wide, Predictor::floating, false);
  if (std::endian::native == std::endian::little)
    CHECK(block == test::bytes({5, 3, 1, 6, 4, 2}));
  else
    CHECK(block == test::bytes({1, 3, 5, 2, 4, 6}));
}

TEST_CASE("bytes are swapped in samples of whole bytes only") {
  const auto swap_of = [](int bits) {
    const BlockShape shape{.rows = 1, .cols = 1, .bits = bits};
    Bytes block = test::bytes({1, 2, 3, 4, 5, 6, 7, 8});
    block.resize(shape.bytes());
    restore_samples(block, shape, Predictor::none, true);
    return block;
  };
  CHECK(swap_of(8) == test::bytes({1}));
  CHECK(swap_of(12) == test::bytes({1, 2}));
  CHECK(swap_of(16) == test::bytes({2, 1}));
  CHECK(swap_of(24) == test::bytes({3, 2, 1}));
  CHECK(swap_of(32) == test::bytes({4, 3, 2, 1}));
  CHECK(swap_of(64) == test::bytes({8, 7, 6, 5, 4, 3, 2, 1}));
}

TEST_CASE("a predictor for other samples, or of another number, is not supported") {
  const auto whole = SampleFormat::unsigned_integer;
  for (const int bits : {1, 4, 12, 24})
    CHECK(refusal(bits, whole, Predictor::horizontal) == ErrorKind::unsupported);
  CHECK(refusal(32, whole, Predictor::floating) == ErrorKind::unsupported);
  CHECK(refusal(8, SampleFormat::floating, Predictor::floating) ==
        ErrorKind::unsupported);
  CHECK(refusal(8, whole, static_cast<Predictor>(4)) == ErrorKind::unsupported);
}

TEST_CASE("numbers of less than a byte are unpacked from the highest bit on") {
  CHECK(unpacked<std::uint8_t>(test::bytes({0b10110000, 0b01000000}), 1, 10) ==
        std::vector<std::uint8_t>{1, 0, 1, 1, 0, 0, 0, 0, 0, 1});
  CHECK(unpacked<std::uint8_t>(test::bytes({0b11100100, 0b01000000}), 2, 5) ==
        std::vector<std::uint8_t>{3, 2, 1, 0, 1});
  CHECK(unpacked<std::uint8_t>(test::bytes({0xab, 0xc0}), 4, 3) ==
        std::vector<std::uint8_t>{0xa, 0xb, 0xc});
}

TEST_CASE("rows of packed numbers begin with a byte") {
  CHECK(unpacked<std::uint8_t>(test::bytes({0xff, 0xff, 0, 0}), 1, 9, 2) ==
        std::vector<std::uint8_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
}

TEST_CASE("numbers of 12 bits are unpacked") {
  CHECK(unpacked<std::uint16_t>(test::bytes({0x12, 0x3a, 0xbc, 0xff, 0xf0}), 12, 3) ==
        std::vector<std::uint16_t>{0x123, 0xabc, 0xfff});
}

TEST_CASE("numbers of every count of bits are unpacked") {
  for (int bits = 1; bits < 16; ++bits)
    for (const std::size_t cols : {1, 7, 8, 33}) {
      CAPTURE(bits);
      CAPTURE(cols);
      const auto width = static_cast<std::size_t>(bits);
      const Bytes block = test::noise(3 * ((cols * width + 7) / 8), 4);
      const auto expected = read_bits(block, width, cols, 3);
      CHECK(unpacked<std::uint16_t>(block, bits, cols, 3) == expected);
      if (bits < 8)
        CHECK(unpacked<std::uint8_t>(block, bits, cols, 3) ==
              std::vector<std::uint8_t>(expected.begin(), expected.end()));
    }
}

TEST_CASE("numbers that do not fit what they are unpacked to are not supported") {
  Bytes block(4);
  std::vector<std::uint8_t> to(1);
  for (const int bits : {0, 8, 12})
    CHECK_THROWS_AS(unpack(block, {.rows = 1, .cols = 1, .bits = bits}, to), Error);
  std::vector<std::uint16_t> wide(1);
  for (const int bits : {0, 16, 24})
    CHECK_THROWS_AS(unpack(block, {.rows = 1, .cols = 1, .bits = bits}, wide), Error);
}

TEST_CASE("floats of 16 bits are widened exactly") {
  CHECK(widened(0x0000, 16) == 0.0F);
  CHECK(std::signbit(widened(0x8000, 16)));
  CHECK(widened(0x3c00, 16) == 1.0F);
  CHECK(widened(0xc000, 16) == -2.0F);
  CHECK(widened(0x7bff, 16) == 65504.0F);
  CHECK(widened(0x3555, 16) == 0.333251953125F);
  CHECK(widened(0x0001, 16) == std::ldexp(1.0F, -24));
  CHECK(widened(0x83ff, 16) == -std::ldexp(1023.0F, -24));
  CHECK(widened(0x7c00, 16) == std::numeric_limits<float>::infinity());
  CHECK(widened(0xfc00, 16) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(widened(0x7e00, 16)));
}

TEST_CASE("floats of 24 bits are widened exactly") {
  CHECK(widened(0x000000, 24) == 0.0F);
  CHECK(widened(0x3f0000, 24) == 1.0F);
  CHECK(widened(0xc08000, 24) == -3.0F);
  CHECK(widened(0x000001, 24) == std::ldexp(1.0F, -78));
  CHECK(widened(0x7f0000, 24) == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(widened(0x7f8000, 24)));
}

TEST_CASE("floats of other widths are not widened") {
  std::vector<float> to(1);
  for (const int bits : {8, 32})
    CHECK_THROWS_AS(widen(Bytes(4), {.rows = 1, .cols = 1, .bits = bits}, to), Error);
}

}  // namespace terrazzo::io
