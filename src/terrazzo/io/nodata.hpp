#pragma once

#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

// Marks nodata, NaN and infinite values as not valid. A nodata that the image's type
// cannot hold marks nothing.
void mask_nodata(Image& image, const BandInfo& band);

}  // namespace terrazzo::io
