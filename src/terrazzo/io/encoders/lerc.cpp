#include <bit>
#include <cmath>
#include <cstring>

#include <Lerc_c_api.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/compress.hpp"
#include "terrazzo/io/encoder.hpp"

namespace terrazzo::io {
namespace {

constexpr int version = 4;  // that tag 50674 names
constexpr std::uint32_t added_deflate = 1;
constexpr int deflate_level = 6;
constexpr int zstd_level = 9;

// As lerc numbers them: i8 u8 i16 u16 i32 u32 f32 f64.
unsigned type_of(const BlockShape& shape) {
  const bool is_float = shape.format == SampleFormat::floating;
  if (is_float && (shape.bits == 32 || shape.bits == 64)) return shape.bits == 32 ? 6 : 7;
  if (is_float || shape.bits > 32)
    throw failure(
        ErrorKind::unsupported,
        "LERC holds whole numbers of 8, 16 and 32 bits and floats of 32 and 64");
  const auto log =
      static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(shape.bits) / 8));
  return 2 * log + (shape.format == SampleFormat::signed_integer ? 0 : 1);
}

template <class Float>
std::vector<unsigned char> numbers_in(std::span<const std::byte> samples,
                                      const BlockShape& shape) {
  const auto* values = reinterpret_cast<const Float*>(samples.data());
  std::vector<unsigned char> mask(shape.rows * shape.cols);
  for (std::size_t i = 0; i < mask.size(); ++i)
    for (std::size_t s = 0; s < shape.samples; ++s)
      if (!std::isnan(values[i * shape.samples + s])) mask[i] = 1;
  return mask;
}

// Pixels of NaN only are hidden; readers make NaN of them again.
std::vector<unsigned char> mask_of(std::span<const std::byte> samples,
                                   const BlockShape& shape) {
  if (shape.format != SampleFormat::floating) return {};
  auto mask = shape.bits == 32 ? numbers_in<float>(samples, shape)
                               : numbers_in<double>(samples, shape);
  if (std::memchr(mask.data(), 0, mask.size()) == nullptr) mask.clear();
  return mask;
}

std::vector<std::byte> encode(std::span<const std::byte> samples, const BlockShape& shape,
                              const Effort& effort) {
  const unsigned type = type_of(shape);
  const auto mask = mask_of(samples, shape);
  const auto depth = static_cast<int>(shape.samples);
  const auto cols = static_cast<int>(shape.cols);
  const auto rows = static_cast<int>(shape.rows);
  std::vector<std::byte> blob(shape.bytes() + shape.bytes() / 3 + 1024);
  unsigned size = 0;
  const lerc_status status = lerc_encodeForVersion(
      samples.data(), version, type, depth, cols, rows, 1, mask.empty() ? 0 : 1,
      mask.empty() ? nullptr : mask.data(), effort.max_error,
      reinterpret_cast<unsigned char*>(blob.data()), static_cast<unsigned>(blob.size()),
      &size);
  if (status != 0)
    throw failure(ErrorKind::unsupported,
                  "a LERC block cannot be made (status {}): where some bands of a pixel "
                  "are NaN, all have to be",
                  status);
  blob.resize(size);
  if (effort.lerc_added == 0) return blob;
  return effort.lerc_added == added_deflate ? compress_zlib(blob, deflate_level)
                                            : compress_zstd(blob, zstd_level);
}

}  // namespace

extern const EncoderKind encoder_lerc;
const EncoderKind encoder_lerc{"LERC", 34887, false, false, encode, nullptr};

}  // namespace terrazzo::io
