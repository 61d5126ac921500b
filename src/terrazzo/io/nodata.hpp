#pragma once

#include <cstddef>
#include <span>

#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

// Whether a value, rounded or not, lies within the type's range; NaN and infinities do in
// floating-point types only.
bool type_holds(ElementType type, double value);

// Marks nodata, NaN and infinite values as not valid. A nodata that the image's type
// cannot hold marks nothing.
void mask_nodata(Image& image, const BandInfo& band);
// The same for one element of the type and one byte of `valid` for each pixel.
void mask_nodata(ElementType type, std::span<const std::byte> values,
                 std::span<std::uint8_t> valid, const BandInfo& band);

}  // namespace terrazzo::io
