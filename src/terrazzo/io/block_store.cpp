#include "terrazzo/io/block_store.hpp"

#include <cmath>

namespace terrazzo::io {
namespace {

std::size_t row_of(const TiffImage& image, std::size_t block) {
  return block / image.blocks_across() % image.blocks_down();
}

// Value of blocks that were never written: nodata if there is one, as GDAL reads them.
double blank_value(const OpenTiff& tiff, const TiffImage& image) {
  if (image.is_mask()) return 0;
  const auto& nodata = tiff.file.info.bands.front().nodata;
  return nodata.value_or(0);
}

// No codec needs that many bytes; a damaged directory is not to take all memory.
void check_size(const TiffImage& image, std::size_t block, std::uint64_t size) {
  const std::size_t decoded = image.shape_of(row_of(image, block)).bytes();
  if (size / 4 > decoded + (std::size_t{1} << 18U))
    throw failure(ErrorKind::corrupt_data,
                  "block {} of the TIFF has {} bytes for pixels of {} bytes", block, size,
                  decoded);
}

std::vector<Block> read_blocks(const OpenTiff& tiff, const TiffImage& image,
                               std::span<const std::size_t> indices,
                               const Context& context) {
  std::vector<std::vector<std::byte>> bytes(indices.size());
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const BlockPlace& place = image.blocks.at(indices[i]);
    if (place.size == 0) continue;
    check_size(image, indices[i], place.size);
    bytes[i].resize(place.size);
    pieces.push_back({place.offset, bytes[i]});
  }
  if (!pieces.empty()) tiff.source->read(pieces, context);
  std::vector<Block> blocks;
  blocks.reserve(indices.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    context.check();
    const std::size_t down = row_of(image, indices[i]);
    blocks.push_back(bytes[i].empty()
                         ? blank_block(image, down, blank_value(tiff, image))
                         : decode_block(image, tiff.file.tiff.swapped, down, bytes[i]));
    bytes[i] = {};
  }
  return blocks;
}

}  // namespace

Box OpenTiff::bounds_in(const Crs& crs) const {
  {
    const std::lock_guard lock{lock_};
    if (const auto found = bounds_.find(crs.wkt()); found != bounds_.end())
      return found->second;
  }
  const RasterInfo& info = file.info;
  const Box native = bounds_of(info.affine, info.rows, info.cols);
  const Box box = Transform{*info.crs, crs}(native);
  constexpr std::size_t most = 16;
  const std::lock_guard lock{lock_};
  if (bounds_.size() >= most) bounds_.clear();
  return bounds_[crs.wkt()] = box;
}

std::vector<std::shared_ptr<const Block>> BlockStore::blocks(
    const OpenTiff& tiff, std::size_t image, std::span<const std::size_t> indices,
    const Context& context) {
  std::vector<Key> keys;
  keys.reserve(indices.size());
  for (const std::size_t index : indices) keys.push_back({tiff.id, image, index});
  const auto make = [&](std::span<const std::size_t> missing) {
    std::vector<std::size_t> wanted;
    wanted.reserve(missing.size());
    for (const std::size_t i : missing) wanted.push_back(indices[i]);
    return read_blocks(tiff, tiff.file.tiff.images.at(image), wanted, context);
  };
  const auto size_of = [](const Block& block) {
    return sizeof(Block) + block.bytes.size();
  };
  try {
    return blocks_.get_or_make_all(std::span<const Key>{keys}, make, size_of, context);
  } catch (Error& error) {
    error.note("while reading {} blocks of '{}'", indices.size(), tiff.name);
    throw;
  }
}

}  // namespace terrazzo::io
