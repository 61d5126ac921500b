#pragma once

#include <memory>
#include <vector>

#include "terrazzo/base/pool.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/strip.hpp"

namespace terrazzo::io {

struct TiffStripsRequest {
  std::vector<int> bands{1};  // of the file, from 1, in the order of the samples
  bool masked = false;        // with the mask of the file; of one band also with nodata
};

// The rows of a TIFF. Each block is read and decoded once, side by side on `pool`, which
// outlives the source. Memory: a row of blocks of the file beyond the strip.
// Null: a file whose mask is an alpha band that is not kept or has several samples.
std::unique_ptr<StripSource> tiff_strips(std::shared_ptr<const ByteSource> bytes,
                                         GeoTiff file, const TiffStripsRequest& request,
                                         Pool& pool);

}  // namespace terrazzo::io
