#pragma once
// The fast resampler on any raster whose levels can be read.

#include <functional>
#include <optional>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

// One resolution of a raster.
struct RasterLevel {
  std::size_t rows = 0;
  std::size_t cols = 0;
};

// What the resampler needs of a raster. References outlive the call.
struct LevelReader {
  const RasterInfo& info;
  ElementType type;
  std::vector<RasterLevel> levels;  // the raster itself first
  Box bounds;                       // of the raster in the picture's system
  double world = 0;                 // raster::world_width of the raster's system
  std::function<Image(std::size_t level, const Window& window)> read;
  std::size_t most_pixels = std::size_t{1} << 22U;  // of a level, held at once
};

// The picture, from the coarsest level that is not coarser than it. If the picture's
// pixels are larger than the level's, the level is warped to pixels of its own size by
// the reprojection kernel, and these are reduced to the picture's by the resampling
// kernel, as the exact resampler has it; beyond 16 pixels to one, by the resampling
// kernel at once. If they are not, the reprojection kernel makes them.
//
// Empty if the raster covers less than 1 % of the box, as the exact resampler has it.
//
// Memory: the picture, and twice most_pixels; where a single row of the picture needs
// more of a raster without overviews, up to 16 times that.
//
// Throws unsupported: not georeferenced. invalid_input: no way between the systems, an
//        empty box. too_large: one row needs more than that. And what `read` throws.
std::optional<Image> read_warped(const LevelReader& reader, const WarpedRead& request,
                                 const Context& context);

}  // namespace terrazzo::io
