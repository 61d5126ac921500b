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
// |high - low| <= 1e-8: clip(v - low). Invalid pixels become NaN.
//   out   rows x cols
// Cost    O(pixels); allocates nothing. Source: contrast_stretch() of Terracotta.
void scale(const Image& in, std::size_t band, Range range, std::span<double> out);

// 0..1 to 1..255, half to even; NaN, infinite and invalid pixels to 0.
// Source: to_uint8() of Terracotta.
void to_bytes(std::span<const double> scaled, std::span<const std::uint8_t> valid,
              std::span<std::uint8_t> out);

// scale() and to_bytes() in one pass; 8- and 16-bit bands through a table.
void stretch(const Image& in, std::size_t band, Range range, std::span<std::uint8_t> out);

}  // namespace terrazzo::raster
