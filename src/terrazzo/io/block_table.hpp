#pragma once
// Where the blocks of an image are, in a few bytes each.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace terrazzo::io {

// Where the bytes of one block are; size 0: the block was never written.
struct BlockPlace {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  bool operator==(const BlockPlace&) const = default;
};

// The places of an image's blocks by index. Blocks that follow each other take 3 or 4
// bytes, any others up to 20. The offset of a block without bytes is not kept.
class BlockTable {
 public:
  void append(const BlockPlace& place);

  // What packed() gave of `count` places, of a file of `file_size` bytes.
  // Throws corrupt_data: it is none, or a place is not in the file.
  static BlockTable unpacked(std::vector<std::byte> packed, std::size_t count,
                             std::uint64_t file_size);

  std::size_t size() const noexcept { return count_; }
  std::span<const std::byte> packed() const noexcept { return packed_; }
  std::size_t bytes() const noexcept {  // of memory
    return packed_.capacity() + starts_.capacity() * sizeof starts_.front();
  }

  // Cost: reads up to 64 places. Throws internal: there is no such index.
  BlockPlace at(std::size_t index) const;

  // All of them, in one pass.
  template <class F>
  void for_each(F&& f) const {
    Reader reader{packed_};
    for (std::size_t i = 0; i < count_; ++i) {
      if (i % group == 0) reader.expected = 0;
      f(reader.next());
    }
  }

 private:
  static constexpr std::size_t group = 64;  // places from one start to the next

  struct Reader {
    std::span<const std::byte> rest;
    std::uint64_t expected = 0;  // where a block that follows the last one begins
    BlockPlace next();
  };

  std::vector<std::byte> packed_;      // of each: size, and if it has one, its offset
  std::vector<std::uint64_t> starts_;  // in packed_, of each group
  std::size_t count_ = 0;
  std::uint64_t expected_ = 0;
};

}  // namespace terrazzo::io
