#include "terrazzo/io/block_store.hpp"

#include <algorithm>

#include "terrazzo/base/log.hpp"
#include "terrazzo/base/stages.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t few_blocks = 4;  // are not worth waking somebody

// Blocks that are read together.
class BlockRead {
 public:
  BlockRead(const OpenTiff& tiff, std::span<const BlockId> ids)
      : tiff_(tiff), ids_(ids), bytes_(ids.size()), blocks_(ids.size()) {}

  std::vector<Block> run(Pool* helpers, const Context& context) {
    fetch(context);
    const StageTimer timer{context.stages, Stage::decode};
    const auto one = [&](std::size_t i) {
      context.check();
      decode(i);
    };
    if (helpers != nullptr && ids_.size() > few_blocks)
      helpers->parallel_for(ids_.size(), one);
    else
      for (std::size_t i = 0; i < ids_.size(); ++i) one(i);
    return std::move(blocks_);
  }

 private:
  const TiffImage& image_of(std::size_t i) const {
    return tiff_.file.tiff.images.at(ids_[i].image);
  }

  void fetch(const Context& context) {
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      const TiffImage& image = image_of(i);
      const BlockPlace place = image.blocks.at(ids_[i].block);
      tried(i, [&] { check_stored_size(image, ids_[i].block, place.size); });
      if (blocks_[i].damage) continue;
      bytes_[i].resize(place.size);
      pieces.push_back({place.offset, bytes_[i]});
    }
    const StageTimer timer{context.stages, Stage::read};
    if (!pieces.empty()) tiff_.source->read(pieces, context);
  }

  void decode(std::size_t i) {
    if (blocks_[i].damage) return;
    const TiffImage& image = image_of(i);
    const std::size_t down = image.row_of_block(ids_[i].block);
    tried(i, [&] {
      blocks_[i] = decode_block(image, tiff_.file.tiff.swapped, down, bytes_[i]);
    });
    bytes_[i] = {};
  }

  template <class Work>
  void tried(std::size_t i, const Work& work) {
    try {
      work();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::corrupt_data) throw;
      tiff_.report_damage(ids_[i], error);
      blocks_[i].damage = std::make_shared<const Error>(error);
    }
  }

  const OpenTiff& tiff_;
  const std::span<const BlockId> ids_;
  std::vector<std::vector<std::byte>> bytes_;
  std::vector<Block> blocks_;
};

}  // namespace

void OpenTiff::report_damage(const BlockId& at, const Error& damage) const {
  constexpr std::size_t most = 4096;
  {
    const std::lock_guard lock{lock_};
    if (damaged_.size() >= most || !damaged_.emplace(at.image, at.block).second) return;
  }
  log::warning("a block of a raster file cannot be decoded",
               {{"file", name},
                {"image", at.image},
                {"block", at.block},
                {"reason", damage.message()}});
}

Box OpenTiff::bounds_in(const Crs& crs) const {
  {
    const std::lock_guard lock{lock_};
    const auto found = std::ranges::find(bounds_, crs, &std::pair<Crs, Box>::first);
    if (found != bounds_.end()) return found->second;
  }
  const RasterInfo& info = file.info;
  const Box native = bounds_of(info.affine, info.rows, info.cols);
  const Box box = Transform{*info.crs, crs}(native);
  constexpr std::size_t most = 16;
  const std::lock_guard lock{lock_};
  if (bounds_.size() >= most) bounds_.clear();
  bounds_.emplace_back(crs, box);
  return box;
}

std::vector<std::shared_ptr<const Block>> BlockStore::blocks(const OpenTiff& tiff,
                                                             std::span<const BlockId> ids,
                                                             const Context& context) {
  std::vector<Key> keys;
  keys.reserve(ids.size());
  for (const BlockId& id : ids) keys.push_back({tiff.id, id.image, id.block});
  const auto make = [&](std::span<const std::size_t> missing) {
    std::vector<BlockId> wanted;
    wanted.reserve(missing.size());
    for (const std::size_t i : missing) wanted.push_back(ids[i]);
    return BlockRead{tiff, wanted}.run(helpers_.get(), context);
  };
  const auto size_of = [](const Block& block) {
    return block.damage ? never_kept : sizeof(Block) + block.bytes.size();
  };
  try {
    return blocks_.get_or_make_all(std::span<const Key>{keys}, make, size_of, context);
  } catch (Error& error) {
    error.note("reading {} blocks of '{}'", ids.size(), tiff.name);
    throw;
  }
}

}  // namespace terrazzo::io
