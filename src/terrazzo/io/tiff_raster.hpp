#pragma once
// Rasters out of TIFF files, read by terrazzo itself.

#include <memory>

#include "terrazzo/io/block_store.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

// One band of an open TIFF, whose blocks are kept in `store`. band counts from 1.
// Throws invalid_input: the file has no such band.
std::shared_ptr<const Raster> tiff_raster(std::shared_ptr<const OpenTiff> tiff,
                                          std::shared_ptr<BlockStore> store, int band);

// The window of one level as it is in the file, with its mask: the mask of the file, or
// alpha where no nodata is declared, and nodata.
// Throws as BlockStore::blocks.
Image read_level(const OpenTiff& tiff, BlockStore& store, std::size_t level, int band,
                 const Window& window, const Context& context);

}  // namespace terrazzo::io
