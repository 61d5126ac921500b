#include <array>

#include <webp/decode.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::uint16_t, 1> numbers{50001};

void check_form(const BlockShape& shape) {
  if (shape.bits != 8 || (shape.samples != 3 && shape.samples != 4))
    throw failure(ErrorKind::unsupported,
                  "WEBP blocks of {} samples of {} bits cannot be read; 3 or 4 of 8 can",
                  shape.samples, shape.bits);
}

void check_header(std::span<const std::uint8_t> from, const BlockShape& shape) {
  WebPBitstreamFeatures found{};
  if (WebPGetFeatures(from.data(), from.size(), &found) != VP8_STATUS_OK)
    throw failure(ErrorKind::corrupt_data, "a WEBP block of {} bytes has no good header",
                  from.size());
  if (found.has_animation != 0)
    throw failure(ErrorKind::unsupported, "a WEBP block is an animation");
  if (static_cast<std::size_t>(found.width) != shape.cols ||
      static_cast<std::size_t>(found.height) != shape.rows)
    throw failure(ErrorKind::corrupt_data,
                  "a WEBP block has {} x {} pixels instead of {} x {}", found.height,
                  found.width, shape.rows, shape.cols);
  // Pixels of 4 samples whose alpha is full everywhere are written as 3.
  if (found.has_alpha != 0 && shape.samples != 4)
    throw failure(ErrorKind::corrupt_data,
                  "a WEBP block has 4 samples a pixel instead of {}", shape.samples);
}

void decode(std::span<const std::byte> from, std::span<std::byte> to,
            const BlockShape& shape) {
  check_form(shape);
  const std::span data(reinterpret_cast<const std::uint8_t*>(from.data()), from.size());
  check_header(data, shape);
  const auto stride = static_cast<int>(shape.row_bytes());  // a side is below 2^14
  auto* out = reinterpret_cast<std::uint8_t*>(to.data());
  auto* const decode_into = shape.samples == 4 ? &WebPDecodeRGBAInto : &WebPDecodeRGBInto;
  if (decode_into(data.data(), data.size(), out, to.size(), stride) == nullptr)
    throw failure(ErrorKind::corrupt_data, "a WEBP block of {} bytes cannot be decoded",
                  from.size());
}

}  // namespace

extern const CodecKind codec_webp;
const CodecKind codec_webp{"WEBP", numbers, true, false, decode};

}  // namespace terrazzo::io
