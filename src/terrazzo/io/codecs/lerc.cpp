// LERC: https://github.com/Esri/lerc. Which forms a block may have, and what a mask does
// to its pixels, is as in libtiff's tif_lerc.c.
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <string_view>
#include <vector>

#include <Lerc_c_api.h>
#include <Lerc_types.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"
#include "terrazzo/io/decompress.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::uint16_t, 1> numbers{34887};
constexpr std::string_view magic = "Lerc2 ";

enum Added : std::uint32_t { added_none = 0, added_deflate = 1, added_zstd = 2 };

using Bytes = std::span<const std::byte>;

struct Blob {
  unsigned type;  // 0..7: i8 u8 i16 u16 i32 u32 f32 f64
  std::size_t depth;
  std::size_t cols;
  std::size_t rows;
  std::size_t bands;
  std::size_t masks;
};

const unsigned char* raw(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned type_of(const BlockShape& shape) {
  const bool is_signed = shape.format == SampleFormat::signed_integer;
  if (shape.format == SampleFormat::floating) {
    if (shape.bits == 32) return 6;
    if (shape.bits == 64) return 7;
  } else if (shape.bits == 8 || shape.bits == 16 || shape.bits == 32) {
    const auto log =
        static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(shape.bits) / 8));
    return 2 * log + (is_signed ? 0 : 1);
  }
  throw failure(ErrorKind::unsupported,
                "LERC blocks of {}-bit samples cannot be read; 8, 16 and 32 can, floats "
                "of 32 and 64",
                shape.bits);
}

// What a blob may take that holds the block: libtiff's bound, and a header for each band.
std::size_t most_bytes(const BlockShape& shape) {
  return shape.bytes() + shape.bytes() / 3 + 256 * (shape.samples + 4);
}

// The blob without the compression added to it. `room` keeps it.
Bytes blob_bytes(Bytes from, const BlockShape& shape, std::vector<std::byte>& room) {
  const std::uint32_t added = shape.lerc.size() > 1 ? shape.lerc[1] : added_none;
  if (added == added_none) return from;
  if (added > added_zstd)
    throw failure(ErrorKind::unsupported,
                  "a LERC block has compression {} added; 0 to {} can be read", added,
                  static_cast<std::uint32_t>(added_zstd));
  room.resize(most_bytes(shape));
  const std::size_t size =
      added == added_zstd ? decompress_zstd(from, room) : decompress_zlib(from, room);
  return std::span(room).first(size);
}

Blob read_header(Bytes bytes) {
  std::array<unsigned, 9> found{};
  const auto size = static_cast<unsigned>(bytes.size());
  // Older blobs, which no TIFF has, would be decoded just to tell their size.
  const bool is_blob = bytes.size() >= magic.size() &&
                       bytes.size() <= std::numeric_limits<int>::max() &&
                       std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
  if (!is_blob || lerc_getBlobInfo(raw(bytes), size, found.data(), nullptr,
                                   static_cast<int>(found.size()), 0) != 0)
    throw failure(ErrorKind::corrupt_data, "a LERC block of {} bytes has no good header",
                  bytes.size());
  return {found[1], found[2], found[3], found[4], found[5], found[8]};
}

// Bytes whose last sample of each pixel, alpha, is the mask: 0 or 255.
bool is_alpha_masked(const Blob& blob, const BlockShape& shape) {
  return blob.type == 1 && blob.bands == 1 && blob.depth + 1 == shape.samples;
}

void check_header(const Blob& blob, const BlockShape& shape) {
  if (blob.type != type_of(shape))
    throw failure(ErrorKind::corrupt_data,
                  "a LERC block has samples of type {} instead of {}", blob.type,
                  type_of(shape));
  if (blob.cols != shape.cols || blob.rows != shape.rows)
    throw failure(ErrorKind::corrupt_data,
                  "a LERC block has {} x {} pixels instead of {} x {}", blob.rows,
                  blob.cols, shape.rows, shape.cols);
  const bool pixel_by_pixel = blob.bands == 1 && blob.depth == shape.samples;
  const bool band_by_band = blob.depth == 1 && blob.bands == shape.samples;
  if (!pixel_by_pixel && !band_by_band && !is_alpha_masked(blob, shape))
    throw failure(ErrorKind::corrupt_data,
                  "a LERC block has {} bands of {} values; its pixels have {} samples",
                  blob.bands, blob.depth, shape.samples);
  if (blob.masks > 1 && blob.masks != blob.bands)
    throw failure(ErrorKind::corrupt_data, "a LERC block has {} masks for {} bands",
                  blob.masks, blob.bands);
}

// bytes: of a value. The values of a band, or of a pixel, are put into pixels of `shape`.
void interleave(Bytes values, const Blob& blob, const BlockShape& shape,
                std::span<std::byte> to) {
  const std::size_t bytes = static_cast<std::size_t>(shape.bits) / 8;
  const std::size_t piece = blob.depth * bytes;
  const std::size_t pixels = shape.rows * shape.cols;
  const std::size_t step = shape.samples * bytes;
  for (std::size_t band = 0; band < blob.bands; ++band)
    for (std::size_t i = 0; i < pixels; ++i)
      std::memcpy(&to[i * step + band * bytes], &values[(band * pixels + i) * piece],
                  piece);
}

// masks: masks x rows x cols
template <class Float>
void mask_with_nan(std::span<const unsigned char> masks, std::size_t samples,
                   std::size_t pixels, std::span<std::byte> to) {
  const Float nan = std::numeric_limits<Float>::quiet_NaN();
  const bool apart = masks.size() > pixels;
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t sample = 0; sample < samples; ++sample)
      if (masks[i + (apart ? sample * pixels : 0)] == 0)
        std::memcpy(&to[(i * samples + sample) * sizeof nan], &nan, sizeof nan);
}

void apply_masks(std::span<const unsigned char> masks, const Blob& blob,
                 const BlockShape& shape, std::span<std::byte> to) {
  const std::size_t pixels = shape.rows * shape.cols;
  if (is_alpha_masked(blob, shape)) {
    for (std::size_t i = 0; i < pixels; ++i)
      to[(i + 1) * shape.samples - 1] =
          std::byte{static_cast<std::uint8_t>(masks.empty() || masks[i] != 0 ? 255 : 0)};
    return;
  }
  if (masks.empty() || shape.format != SampleFormat::floating) return;
  if (shape.bits == 32)
    mask_with_nan<float>(masks, shape.samples, pixels, to);
  else
    mask_with_nan<double>(masks, shape.samples, pixels, to);
}

void decode(Bytes from, std::span<std::byte> to, const BlockShape& shape) {
  std::vector<std::byte> room;
  const Bytes bytes = blob_bytes(from, shape, room);
  const Blob blob = read_header(bytes);
  check_header(blob, shape);
  const std::size_t pixels = shape.rows * shape.cols;
  std::vector<unsigned char> masks(blob.masks * pixels);
  // The library sees its own type in `values`, so they must be aligned.
  std::vector<std::byte> values(blob.bands * blob.depth * pixels *
                                static_cast<std::size_t>(shape.bits) / 8);
  const lerc_status status = lerc_decode(
      raw(bytes), static_cast<unsigned>(bytes.size()), static_cast<int>(blob.masks),
      masks.empty() ? nullptr : masks.data(), static_cast<int>(blob.depth),
      static_cast<int>(blob.cols), static_cast<int>(blob.rows),
      static_cast<int>(blob.bands), blob.type, values.data());
  const bool has_no_data = status == static_cast<lerc_status>(LercNS::ErrCode::HasNoData);
  if (status != 0)
    throw failure(has_no_data ? ErrorKind::unsupported : ErrorKind::corrupt_data,
                  "a LERC block of {} bytes cannot be decoded (status {})", bytes.size(),
                  status);
  if (values.size() == to.size() && blob.bands == 1)
    std::memcpy(to.data(), values.data(), to.size());
  else
    interleave(values, blob, shape, to);
  apply_masks(masks, blob, shape, to);
}

}  // namespace

extern const CodecKind codec_lerc;
const CodecKind codec_lerc{"LERC", numbers, false, false, decode};

}  // namespace terrazzo::io
