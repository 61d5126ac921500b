#pragma once
// Cloud-optimised GeoTIFFs in one pass over the pixels.

#include <filesystem>
#include <functional>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/io/cog_layout.hpp"
#include "terrazzo/raster/reduce.hpp"

namespace terrazzo::io {

struct CogFormat {
  const EncoderKind* encoder = nullptr;
  Effort effort{};
  bool measures_predictor = true;  // of what the first pixels take; else there is none
  std::size_t side = 256;          // of blocks
  raster::Reduction reduction = raster::Reduction::average;
  std::optional<std::size_t> alpha{};  // sample that hides pixels in overviews
  bool spills_to_memory = false;       // else to files aside
};

// Writes the file at `to`, which is one of `aside`: tiles, a mask if the source has one,
// overviews until one tile holds everything, GDAL's ghost area. Blocks of nothing but
// nodata (0 without) are left out. A BigTIFF if it is to pass 4 GiB.
//
//   progress  0..1, from the thread that calls
//
// Memory: about four times one row of blocks, whatever the image. Disk: finished blocks
// stand in files aside until they are put together.
// Throws what the source throws; output_failure(); cancelled, timeout.
void write_cog(StripSource& source, const CogTags& tags, const CogFormat& format,
               const AsideFiles& aside, const std::filesystem::path& to, Pool& pool,
               const std::function<void(double)>& progress, const Context& context);

}  // namespace terrazzo::io
