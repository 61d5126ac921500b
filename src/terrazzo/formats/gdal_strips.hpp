#pragma once

#include <memory>
#include <string>

#include "terrazzo/io/strip.hpp"

namespace terrazzo::formats {

// The rows of a dataset (a GDALDatasetH that outlives the source): all its bands, of one
// type. With the mask of its first band; of a single band NaN and infinities are hidden
// too.
std::unique_ptr<io::StripSource> gdal_strips(void* dataset, ElementType type, bool masked,
                                             const std::string& name);

}  // namespace terrazzo::formats
