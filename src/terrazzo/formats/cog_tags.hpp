#pragma once

#include "terrazzo/io/cog_layout.hpp"

namespace terrazzo::formats {

// What GDAL writes of a dataset (a GDALDatasetH) into a GeoTIFF besides its pixels:
// place, reference system, nodata, colours, band and other metadata. Statistics are left
// out. Throws unsupported: GDAL cannot say it in a GeoTIFF.
io::CogTags cog_tags(void* dataset, const std::string& name);

}  // namespace terrazzo::formats
