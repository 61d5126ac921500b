#pragma once
// The exact resampler: pixels of one band in another reference system, the same as
// Terracotta 0.9 makes them.

#include <optional>

#include "terrazzo/formats/gdal_file.hpp"

namespace terrazzo::formats {

// Empty if the raster's box covers less than 1 % of the picture's area.
//
// The source is warped to its own resolution (not finer than the picture's) on a grid
// with 2 pad pixels around the picture, and that is resampled to the picture; the mask
// is taken from nearest pixels. If the picture is finer than the source, resampling is
// nearest and only the reprojection kernel smooths. A picture that is not square is
// compared with the source with its sides swapped, as Terracotta does it.
//
// Throws unsupported: not georeferenced, or no way between the systems. corrupt_data:
// the file cannot be decoded there. cancelled, timeout: the context ended; looked at
// while it reads and warps.
std::optional<Image> warp_read(void* dataset, const FileFacts& facts, int band,
                               const io::WarpedRead& request, const Context& context);

}  // namespace terrazzo::formats
