#pragma once
// What makes a TIFF a cloud-optimised GeoTIFF.

#include <string>
#include <vector>

#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::io {

struct CogFindings {
  std::vector<std::string> errors{};    // reasons why it is none
  std::vector<std::string> warnings{};  // what makes it slower than it could be
};

struct CogCheck {
  bool reads_around_blocks = true;  // dear from afar
};

// The rules of rio-cogeo's validator and of GDAL's validate_cloud_optimized_geotiff with
// its full check: tiles; directories before the data, the image's first; overviews that
// shrink, their data before the image's; blocks inside the file; and, where GDAL's ghost
// area promises it, blocks in order, their sizes before and their last bytes behind them,
// masks behind their pixels.
// Cost: the directories, and 12 bytes for each block where a ghost area promises them.
// Throws as read_tiff(): its directories cannot be read; and what source.read() throws.
CogFindings check_cog(const ByteSource& source, const CogCheck& check = {},
                      const Context& context = {});

}  // namespace terrazzo::io
