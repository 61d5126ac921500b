#include "terrazzo/io/fill_order.hpp"

#include <algorithm>
#include <array>

namespace terrazzo::io {
namespace {

constexpr std::uint16_t lowest_first = 2;

constexpr std::array<std::byte, 256> make_mirror() {
  std::array<std::byte, 256> mirror{};
  for (unsigned value = 0; value < mirror.size(); ++value) {
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < 8; ++bit) reversed |= (value >> bit & 1U) << (7 - bit);
    mirror[value] = static_cast<std::byte>(reversed);
  }
  return mirror;
}

constexpr std::array<std::byte, 256> mirror = make_mirror();

}  // namespace

OrderedBits::OrderedBits(std::span<const std::byte> from, std::uint16_t fill_order)
    : bytes_(from) {
  if (fill_order != lowest_first) return;
  reversed_.resize(from.size());
  std::transform(from.begin(), from.end(), reversed_.begin(),
                 [](std::byte b) { return mirror[std::to_integer<std::size_t>(b)]; });
  bytes_ = reversed_;
}

}  // namespace terrazzo::io
