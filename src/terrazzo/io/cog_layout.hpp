#pragma once
// How the directories of a cloud-optimised GeoTIFF look.

#include <cstdint>
#include <string>
#include <vector>

#include "terrazzo/io/cog_blocks.hpp"
#include "terrazzo/io/tiff_writer.hpp"

namespace terrazzo::io {

// What the file says of its pixels besides their layout.
struct CogTags {
  std::uint16_t photometric = 1;               // 2: RGB
  std::vector<std::uint16_t> extra_samples{};  // 2: alpha
  std::optional<double> nodata{};
  TiffEntries carried{};  // place, metadata, nodata, colours: as they go into the file
};

// The block as encoders see it.
BlockShape block_shape(const StripShape& shape, const CogTags& tags,
                       const BlockFormat& format);

// Of one level; number 0 is the image itself. Without the places of its blocks.
TiffEntries image_entries(const StripShape& level, const CogTags& tags,
                          const BlockFormat& format, std::size_t number);
TiffEntries mask_entries(const StripShape& level, const BlockFormat& format,
                         std::size_t number);

// GDAL's "ghost area": what the order of blocks in the file is.
std::string ghost_text(bool masked);

}  // namespace terrazzo::io
