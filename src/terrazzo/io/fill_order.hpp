#pragma once
// The order of the bits in the bytes of a TIFF's blocks.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace terrazzo::io {

// The bytes of a block with their first bit on top. Borrows `from` if it is so already.
class OrderedBits {
 public:
  // fill_order: TIFF tag 266; with 2 the first bit is the lowest.
  OrderedBits(std::span<const std::byte> from, std::uint16_t fill_order);
  OrderedBits(const OrderedBits&) = delete;
  OrderedBits& operator=(const OrderedBits&) = delete;

  std::span<const std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::vector<std::byte> reversed_;
  std::span<const std::byte> bytes_;
};

}  // namespace terrazzo::io
