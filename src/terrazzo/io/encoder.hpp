#pragma once
// How blocks of TIFFs are compressed: the way back of codec.hpp. One compression is one
// file of encoders/.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "terrazzo/base/kinds.hpp"
#include "terrazzo/io/codec.hpp"

namespace terrazzo::io {

// What each compression may be told; the others pass over it.
struct Effort {
  std::optional<int> level{};    // DEFLATE 1..12, ZSTD 1..22; none: GDAL's
  bool is_quick = false;         // if no level is told: the lowest
  int quality = 75;              // JPEG, WEBP: 1..100
  bool lossless = false;         // WEBP
  double max_error = 0;          // LERC: in values of the pixels
  std::uint32_t lerc_added = 0;  // TIFF tag 50674: 0 nothing, 1 DEFLATE, 2 ZSTD
};

struct EncoderKind {
  static constexpr std::string_view what = "compression";
  std::string_view name;  // "DEFLATE", as GDAL names it
  std::uint16_t number;   // TIFF tag 259
  bool takes_predictor;   // its samples may go through predict_samples() before
  bool lossy_colors;      // 8-bit pictures only

  // The bytes that the codec of the same number decodes to `samples`, which has
  // shape.bytes() bytes in this machine's byte order; lossy ones to something like it.
  // Safe from any thread. Throws unsupported: not for blocks of this shape.
  std::vector<std::byte> (*encode)(std::span<const std::byte> samples,
                                   const BlockShape& shape, const Effort& effort);

  // What all blocks of an image share (TIFF tag 347); null: nothing.
  std::vector<std::byte> (*tables)(const BlockShape& shape, const Effort& effort);
};

Kinds<EncoderKind> encoder_kinds();

}  // namespace terrazzo::io
