#pragma once
// How the bytes of a TIFF's blocks are compressed. One compression is one file of
// codecs/.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "terrazzo/base/kinds.hpp"

namespace terrazzo::io {

enum class SampleFormat : std::uint8_t { unsigned_integer, signed_integer, floating };

// What a codec needs to know of the block it decodes.
struct BlockShape {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t samples = 1;  // of each pixel in this block: 1 if bands are stored apart
  int bits = 8;             // of each sample
  SampleFormat format = SampleFormat::unsigned_integer;
  std::uint16_t photometric = 1;             // TIFF tag 262; 6 is YCbCr
  std::span<const std::byte> jpeg_tables{};  // TIFF tag 347
  std::span<const std::uint32_t> lerc{};     // TIFF tag 50674: version, added compression
  std::uint16_t fill_order = 1;              // TIFF tag 266

  // Bytes of one row: samples follow each other bit by bit, rows begin with a byte.
  std::size_t row_bytes() const noexcept {
    return (cols * samples * static_cast<std::size_t>(bits) + 7) / 8;
  }
  std::size_t bytes() const noexcept { return rows * row_bytes(); }
};

struct CodecKind {
  static constexpr std::string_view what = "compression";
  std::string_view name;                   // "DEFLATE", as GDAL names it
  std::span<const std::uint16_t> numbers;  // of TIFF tag 259

  // Whether samples come out in this machine's byte order, whatever the file's: true for
  // JPEG and WEBP. Not for LERC: libtiff gives it the values as they are in the file.
  bool decodes_samples;

  // Whether tag 317 holds; with the other compressions readers pass over it.
  bool takes_predictor;

  // Fills `to`, which has shape.bytes() bytes. YCbCr comes out as RGB. Bytes after the
  // end of the block's data are passed over; the cost is bounded by both sizes. Pixels
  // that a LERC mask hides are NaN, whole numbers 0; what was decoded before an error
  // stays in `to`.
  // Throws corrupt_data: it cannot be decoded, or gives fewer bytes.
  //        unsupported: a form of this compression that cannot be read.
  void (*decode)(std::span<const std::byte> from, std::span<std::byte> to,
                 const BlockShape& shape);
};

Kinds<CodecKind> codec_kinds();

// Null: no such compression is known.
const CodecKind* find_codec(std::uint16_t number) noexcept;

}  // namespace terrazzo::io
