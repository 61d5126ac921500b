#pragma once
// Open TIFFs and their decoded blocks, kept while they fit.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "terrazzo/base/cache.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/tiff_block.hpp"

namespace terrazzo::io {

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

 private:
  mutable std::mutex lock_{};
  mutable std::map<std::string, Box> bounds_{};  // by WKT; a few
};

// Safe from any thread; no lock is held while bytes are read or decoded.
class BlockStore {
 public:
  explicit BlockStore(std::size_t max_bytes) : blocks_(max_bytes) {}

  // The blocks of one image (index into TiffFile::images), in the order of `indices`, no
  // two of them equal. What is not kept is read at once; two callers never read the same.
  // Throws as ByteSource::read and decode_block.
  std::vector<std::shared_ptr<const Block>> blocks(const OpenTiff& tiff,
                                                   std::size_t image,
                                                   std::span<const std::size_t> indices,
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
};

}  // namespace terrazzo::io
