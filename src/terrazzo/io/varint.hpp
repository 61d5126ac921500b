#pragma once
// Whole numbers in as few bytes as they need: seven bits in each, the lowest first, the
// highest bit of all but the last byte set.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {

inline void put_varint(std::vector<std::byte>& to, std::uint64_t value) {
  for (; value >= 0x80U; value >>= 7U)
    to.push_back(static_cast<std::byte>(value | 0x80U));
  to.push_back(static_cast<std::byte>(value));
}

// Takes one off the front.
// Throws corrupt_data: the bytes end before it does, or it has more than 64 bits.
inline std::uint64_t take_varint(std::span<const std::byte>& from) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const auto byte = static_cast<std::uint64_t>(from.front());
    from = from.subspan(1);
    if (shift == 63 && byte > 1) break;
    value |= (byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  throw failure(ErrorKind::corrupt_data, "a packed number does not end");
}

// Differences of either sign, small ones small.
inline std::uint64_t zigzag(std::uint64_t difference) {
  return difference << 1U ^ (0 - (difference >> 63U));
}
inline std::uint64_t unzigzag(std::uint64_t packed) {
  return packed >> 1U ^ (0 - (packed & 1U));
}

}  // namespace terrazzo::io
