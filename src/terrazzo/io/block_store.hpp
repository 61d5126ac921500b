#pragma once
// Open TIFFs and their decoded blocks, kept while they fit.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "terrazzo/base/budget.hpp"
#include "terrazzo/base/cache.hpp"
#include "terrazzo/base/pool.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/tiff_block.hpp"

namespace terrazzo::io {

struct BlockId {
  std::size_t image = 0;  // index into TiffFile::images
  std::size_t block = 0;  // and into its blocks
};

// A file as it was when it was opened. Immutable but for what is remembered of places.
struct OpenTiff {
  std::uint64_t id = 0;  // of no other open file of this process
  std::shared_ptr<const ByteSource> source{};
  GeoTiff file{};
  std::string name{};      // for messages
  double world_width = 0;  // raster::world_width of its reference system

  // Bounds in another reference system.
  // Throws invalid_input: there is no way between the systems.
  Box bounds_in(const Crs& crs) const;

  // Tells the log that a block cannot be decoded, the first time.
  void report_damage(const BlockId& at, const Error& damage) const;

 private:
  mutable std::mutex lock_{};
  mutable std::vector<std::pair<Crs, Box>> bounds_{};                // a few
  mutable std::set<std::pair<std::size_t, std::size_t>> damaged_{};  // reported; some
};

// Safe from any thread; no lock is held while bytes are read or decoded.
class BlockStore {
 public:
  // `helpers`, if there are any, decode along when many blocks are wanted at once.
  explicit BlockStore(std::size_t max_bytes, std::shared_ptr<Pool> helpers = {})
      : blocks_(max_bytes), helpers_(std::move(helpers)) {}

  // From now on, what is kept is a share of that.
  void join(Budget& budget, double weight) {
    seat_ = budget.add("blocks", weight, blocks_);
  }

  // The blocks in the order of `ids`, no two of which are equal; each has bytes. What is
  // not kept is read at once, of all images together; two callers never read the same.
  // Blocks that cannot be decoded have `damage`; they are reported and not kept.
  // Throws as ByteSource::read; unsupported as decode_block.
  std::vector<std::shared_ptr<const Block>> blocks(const OpenTiff& tiff,
                                                   std::span<const BlockId> ids,
                                                   const Context& context = {});

  CacheFigures figures() const { return blocks_.figures(); }

 private:
  struct Key {
    std::uint64_t file = 0;
    std::uint64_t image = 0;
    std::uint64_t block = 0;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      std::uint64_t mixed = key.file * 0x9E3779B97F4A7C15U + key.image;
      mixed = (mixed ^ (mixed >> 29U)) * 0xBF58476D1CE4E5B9U + key.block;
      return (mixed ^ (mixed >> 32U)) * 0x94D049BB133111EBU;
    }
  };

  Cache<Key, Block, Hash> blocks_;
  const std::shared_ptr<Pool> helpers_;
  Budget::Seat seat_{};
};

}  // namespace terrazzo::io
