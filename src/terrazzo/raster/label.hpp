#pragma once

#include <cstdint>
#include <span>

#include "terrazzo/data/image.hpp"

namespace terrazzo::raster {

// One band to classes: a pixel that equals labels[i] becomes i + 1, every other and every
// invalid one 0. Of equal labels the last counts. float32 pixels are compared as float32.
//   labels  at most 255
//   out     rows x cols
// Throws  invalid_input: more than 255 labels.
// Cost    O(pixels x log labels). Source: label() of Terracotta.
void label(const Image& in, std::size_t band, std::span<const double> labels,
           std::span<std::uint8_t> out);

}  // namespace terrazzo::raster
