#pragma once
// How two rasters differ, pixel by pixel.

#include <cstdint>
#include <string>

#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

// Over all bands.
struct PixelComparison {
  std::uint64_t differing = 0;           // values, of those valid in both
  double max_difference = 0;             // of them
  std::uint64_t hidden_differently = 0;  // valid in one only
};

// Reads both once, in strips of the first one's blocks.
// Throws invalid_input: they have not the same size and number of bands. And what the
// opener and the rasters throw.
PixelComparison compare_pixels(const RasterOpener& opener, const std::string& uri,
                               const std::string& other, const Context& context = {});

}  // namespace terrazzo::io
