#pragma once
// The blocks of a TIFF, decoded.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "terrazzo/base/error.hpp"
#include "terrazzo/data/image.hpp"
#include "terrazzo/io/geotiff.hpp"

namespace terrazzo::io {

// rows x cols pixels of `samples` elements each, sample after sample, row by row.
struct Block {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t samples = 1;
  ElementType type = ElementType::uint8;
  std::vector<std::byte> bytes{};
  std::shared_ptr<const Error> damage{};  // why it could not be decoded; then no bytes

  template <class T>
  std::span<const T> values() const noexcept {
    return {reinterpret_cast<const T*>(bytes.data()), rows * cols * samples};
  }
};

// A damaged directory is not to take all memory: no codec needs that many bytes for the
// pixels of the block of that index.
// Throws corrupt_data.
void check_stored_size(const TiffImage& image, std::size_t block, std::uint64_t size);

// The block in row `down` of the image's blocks from its compressed bytes, in this
// machine's byte order, packed samples unpacked.
// Throws corrupt_data: the bytes cannot be decoded. unsupported: as element_type_of and
// the codec.
Block decode_block(const TiffImage& image, bool swapped, std::size_t down,
                   std::span<const std::byte> compressed);

// A block that was never written: every element is `value`, or 0.
Block blank_block(const TiffImage& image, std::size_t down, double value);

}  // namespace terrazzo::io
