#include <cmath>
#include <cstring>
#include <limits>

#include <Lerc_c_api.h>
#include <zlib.h>
#include <zstd.h>

#include "support/blocks.hpp"
#include "terrazzo/io/samples.hpp"

namespace terrazzo::io {
namespace {

using test::Bytes;
using test::View;

constexpr std::uint16_t number = 34887;
constexpr std::size_t rows = 12;
constexpr std::size_t cols = 17;
constexpr std::size_t pixels = rows * cols;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

// LERC's own number of an element type, as Lerc_c_api.h lists them.
template <class T>
consteval unsigned lerc_type() {
  if constexpr (std::is_same_v<T, float>) return 6;
  if constexpr (std::is_same_v<T, double>) return 7;
  constexpr unsigned of_size = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 2 : 4;
  return of_size + (std::is_unsigned_v<T> ? 1 : 0);
}

// values: bands x rows x cols x depth. masks: none, one, or one for each band.
template <class T>
Bytes encoded(const std::vector<T>& values, int depth = 1, int bands = 1,
              const std::vector<unsigned char>& masks = {}) {
  Bytes out(values.size() * sizeof(T) * 2 + 4096);
  unsigned size = 0;
  REQUIRE(lerc_encode(values.data(), lerc_type<T>(), depth, cols, rows, bands,
                      static_cast<int>(masks.size() / pixels),
                      masks.empty() ? nullptr : masks.data(), 0,
                      reinterpret_cast<unsigned char*>(out.data()),
                      static_cast<unsigned>(out.size()), &size) == 0);
  out.resize(size);
  return out;
}

template <class T>
BlockShape shape_of(std::size_t samples = 1) {
  return {.rows = rows,
          .cols = cols,
          .samples = samples,
          .bits = 8 * static_cast<int>(sizeof(T)),
          .format = std::is_floating_point_v<T> ? SampleFormat::floating
                    : std::is_signed_v<T>       ? SampleFormat::signed_integer
                                                : SampleFormat::unsigned_integer};
}

template <class T>
std::vector<T> decoded(View block, const BlockShape& shape) {
  const Bytes out = test::decoded(number, block, shape);
  std::vector<T> values(out.size() / sizeof(T));
  std::memcpy(values.data(), out.data(), out.size());
  return values;
}

template <class T>
std::vector<T> ramp(std::size_t size) {
  std::vector<T> values(size);
  for (std::size_t i = 0; i < size; ++i)
    values[i] = static_cast<T>(i * 7 % 120 + (i % 5 == 0 ? 3 : 0));
  return values;
}

template <class T>
void check_round_trip() {
  for (const int depth : {1, 3}) {
    const auto samples = static_cast<std::size_t>(depth);
    const auto values = ramp<T>(pixels * samples);
    CHECK(decoded<T>(encoded(values, depth), shape_of<T>(samples)) == values);
  }
}

// Every third pixel hidden, beginning with the first.
std::vector<unsigned char> mask(std::size_t first = 0) {
  std::vector<unsigned char> result(pixels, 1);
  for (std::size_t i = first; i < pixels; i += 3) result[i] = 0;
  return result;
}

bool is_hidden(std::size_t pixel, std::size_t first = 0) { return pixel % 3 == first; }

}  // namespace

TEST_CASE("LERC: samples of every type come back as they were") {
  check_round_trip<std::int8_t>();
  check_round_trip<std::uint8_t>();
  check_round_trip<std::int16_t>();
  check_round_trip<std::uint16_t>();
  check_round_trip<std::int32_t>();
  check_round_trip<std::uint32_t>();
  check_round_trip<float>();
  check_round_trip<double>();
}

TEST_CASE("LERC: floats that a mask hides are NaN") {
  const auto values = ramp<float>(pixels * 2);
  const auto found = decoded<float>(encoded(values, 2, 1, mask()), shape_of<float>(2));
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK((is_hidden(i / 2) ? std::isnan(found[i]) : found[i] == values[i]));
  const auto doubles = ramp<double>(pixels);
  const auto wide = decoded<double>(encoded(doubles, 1, 1, mask()), shape_of<double>());
  for (std::size_t i = 0; i < pixels; ++i)
    CHECK((is_hidden(i) ? std::isnan(wide[i]) : wide[i] == doubles[i]));
}

TEST_CASE("LERC: whole numbers that a mask hides are 0") {
  const auto values = std::vector<std::int16_t>(pixels, 9);
  const auto found =
      decoded<std::int16_t>(encoded(values, 1, 1, mask()), shape_of<std::int16_t>());
  for (std::size_t i = 0; i < pixels; ++i) CHECK(found[i] == (is_hidden(i) ? 0 : 9));
}

TEST_CASE("LERC: bands with masks of their own are put into pixels") {
  const auto bands = ramp<float>(pixels * 2);
  auto masks = mask(0);
  const auto second = mask(1);
  masks.insert(masks.end(), second.begin(), second.end());
  const auto found = decoded<float>(encoded(bands, 1, 2, masks), shape_of<float>(2));
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t band = 0; band < 2; ++band) {
      const float value = found[2 * i + band];
      CHECK((is_hidden(i, band) ? std::isnan(value) : value == bands[band * pixels + i]));
    }
}

TEST_CASE("LERC: the mask of bytes is their alpha") {
  const auto rgb = ramp<std::uint8_t>(pixels * 3);
  const auto shape = shape_of<std::uint8_t>(4);
  const auto check = [&](const std::vector<unsigned char>& masks) {
    const auto found = decoded<std::uint8_t>(encoded(rgb, 3, 1, masks), shape);
    for (std::size_t i = 0; i < pixels; ++i) {
      const bool seen = masks.empty() || masks[i] != 0;
      CHECK(found[4 * i + 3] == (seen ? 255 : 0));
      CHECK(found[4 * i + 1] == (seen ? rgb[3 * i + 1] : 0));
    }
  };
  check(mask());
  check({});
}

TEST_CASE("LERC: a blob holds its values in the byte order of the file") {
  std::vector<std::uint16_t> values(pixels, 0x0304);
  values[0] = 0x0102;
  const auto shape = shape_of<std::uint16_t>();
  CHECK_FALSE(find_codec(number)->decodes_samples);
  Bytes block = test::decoded(number, encoded(values), shape);
  restore_samples(block, shape, Predictor::none, true);
  std::uint16_t first = 0;
  std::memcpy(&first, block.data(), sizeof first);
  CHECK(first == 0x0201);
}

TEST_CASE("LERC: deflate or zstd may be added") {
  const auto values = ramp<float>(pixels);
  const Bytes blob = encoded(values);
  BlockShape shape = shape_of<float>();
  std::vector<std::uint32_t> tag{4, 1};
  shape.lerc = tag;
  uLongf size = compressBound(blob.size());
  Bytes deflated(size);
  REQUIRE(compress(reinterpret_cast<Bytef*>(deflated.data()), &size,
                   reinterpret_cast<const Bytef*>(blob.data()), blob.size()) == Z_OK);
  deflated.resize(size);
  CHECK(decoded<float>(deflated, shape) == values);
  tag[1] = 2;
  Bytes packed(ZSTD_compressBound(blob.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), blob.data(), blob.size(), 3));
  CHECK(decoded<float>(packed, shape) == values);
  tag[1] = 0;
  CHECK(decoded<float>(blob, shape) == values);
  tag[1] = 3;
  CHECK(test::refusal(number, blob, shape) == ErrorKind::unsupported);
  tag[1] = 1;
  CHECK(test::is_corrupt(number, blob, shape));
}

TEST_CASE("LERC: bytes after the end of a blob are passed over") {
  const auto values = ramp<float>(pixels);
  Bytes blob = encoded(values);
  blob.resize(blob.size() + 50);
  CHECK(decoded<float>(blob, shape_of<float>()) == values);
}

TEST_CASE("LERC: a block of another shape is corrupt") {
  const Bytes blob = encoded(ramp<float>(pixels * 2), 2);
  CHECK(test::is_corrupt(number, blob, shape_of<float>(1)));
  CHECK(test::is_corrupt(number, blob, shape_of<float>(3)));
  CHECK(test::is_corrupt(number, blob, shape_of<std::int32_t>(2)));
  BlockShape shape = shape_of<float>(2);
  shape.rows = rows + 1;
  CHECK(test::is_corrupt(number, blob, shape));
  shape.rows = rows - 1;
  CHECK(test::is_corrupt(number, blob, shape));
}

TEST_CASE("LERC: samples of other sizes are not supported") {
  const Bytes blob = encoded(ramp<float>(pixels));
  BlockShape shape = shape_of<float>();
  shape.bits = 16;
  CHECK(test::refusal(number, blob, shape) == ErrorKind::unsupported);
  shape = shape_of<std::int32_t>();
  shape.bits = 64;
  CHECK(test::refusal(number, blob, shape) == ErrorKind::unsupported);
}

TEST_CASE("LERC: damaged blobs are refused, or decoded to something") {
  auto values = ramp<float>(pixels);
  values[3] = nan;
  const auto masks = mask();
  test::check_damage(number, encoded(values, 1, 1, masks), shape_of<float>());
  const Bytes blob = encoded(ramp<std::uint8_t>(pixels * 3), 3);
  test::check_damage(number, blob, shape_of<std::uint8_t>(3));
  for (std::size_t left = 0; left < blob.size(); left += 5)
    CHECK(test::is_corrupt(number, View(blob).first(left), shape_of<std::uint8_t>(3)));
}

}  // namespace terrazzo::io
