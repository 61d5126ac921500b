#pragma once

#include <cstdint>

namespace terrazzo {

struct Color {
  std::uint8_t r = 0, g = 0, b = 0, a = 255;
  bool operator==(const Color&) const = default;
};

}  // namespace terrazzo
