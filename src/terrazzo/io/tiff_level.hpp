#pragma once
// Windows of the levels of an open TIFF, put together from its blocks.

#include "terrazzo/data/image.hpp"
#include "terrazzo/io/block_store.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::io {

// The window of one level as it is in the file, with its mask: the mask of the file, or
// alpha where no nodata is declared, and nodata. Pixels, mask and alpha are read
// together. Damaged blocks are counted in `holes` and their pixels are not valid.
// Throws as BlockStore::blocks; invalid_input: the window is not inside the level.
//        corrupt_data: a block is damaged, and `holes` is null.
Image read_level(const OpenTiff& tiff, BlockStore& store, std::size_t level, int band,
                 const Window& window, const Context& context,
                 std::size_t* holes = nullptr);

// Throws invalid_input: the window is not inside the image.
void check_window(const TiffImage& image, const Window& window);

}  // namespace terrazzo::io
