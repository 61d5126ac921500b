#pragma once
// Rasters out of TIFF files, read by terrazzo itself.

#include <functional>
#include <memory>

#include "terrazzo/io/block_store.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

// Opens anew a file that is not what it was when it was opened.
using Reopen = std::function<std::shared_ptr<const OpenTiff>(const Context&)>;

// One band of an open TIFF, whose blocks are kept in `store`. band counts from 1. If the
// file is replaced meanwhile, read_warped() shows the new one, once `reopen` has it.
// Throws invalid_input: the file has no such band.
std::shared_ptr<const Raster> tiff_raster(std::shared_ptr<const OpenTiff> tiff,
                                          std::shared_ptr<BlockStore> store, int band,
                                          Reopen reopen = {});

}  // namespace terrazzo::io
