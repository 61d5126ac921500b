#pragma once

#include <optional>

#include "terrazzo/data/image.hpp"

namespace terrazzo::raster {

// Marks nodata, NaN and infinite values as not valid. nodata is a value of the type.
void mask_nodata(Image& image, const std::optional<double>& nodata);

}  // namespace terrazzo::raster
