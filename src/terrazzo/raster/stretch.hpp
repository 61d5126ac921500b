#pragma once

#include <cstdint>
#include <span>

#include "terrazzo/data/image.hpp"

namespace terrazzo::raster {

struct Range {
  double low = 0;
  double high = 0;
  bool operator==(const Range&) const = default;
};

// One band to 0..1: clip((v - low) / (high - low)); a reversed range inverts. If
// |high - low| <= 1e-8: clip(v - low). Invalid and infinite pixels become NaN.
//   out   rows x cols
// Cost    O(pixels); allocates nothing. Source: contrast_stretch() of Terracotta.
void scale(const Image& in, std::size_t band, Range range, std::span<double> out);

// 0..1 to 1..255, half to even; NaN, infinite and invalid pixels to 0.
// Source: to_uint8() of Terracotta.
void to_bytes(std::span<const double> scaled, std::span<const std::uint8_t> valid,
              std::span<std::uint8_t> out);

// 0..1 to 1..65535, half to even; NaN, infinite and invalid pixels to 0.
void to_words(std::span<const double> scaled, std::span<const std::uint8_t> valid,
              std::span<std::uint16_t> out);

// scale() and to_bytes() in one pass; 8- and 16-bit bands through a table.
// Cost    O(pixels), 16-bit bands about a third of the others; each thread keeps the
//         tables of its last 4 ranges of a 16-bit type (64 KiB each).
void stretch(const Image& in, std::size_t band, Range range, std::span<std::uint8_t> out);

// rint(clip((v - low) * (254 / (high - low)) + 1, 1, 255)): the same but for the last bit
// before rounding, and for |high - low| <= 1e-8: clip(v - low + 1). Expressions and
// legends are drawn with it. Source: to_uint8() of Terracotta with the range as its
// bounds.
void stretch_once(const Image& in, std::size_t band, Range range,
                  std::span<std::uint8_t> out);
std::uint8_t stretch_once(double value, Range range);

}  // namespace terrazzo::raster
