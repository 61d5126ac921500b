#pragma once
// The colour maps of share/colormaps as tools/embed_colormaps.py compiles them in.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace terrazzo::raster {

struct BuiltInColormap {
  std::string_view name;
  std::array<std::uint32_t, 255> colors;  // 0xrrggbbaa of the bytes 1..255
};

std::span<const BuiltInColormap> built_in_colormaps();  // sorted by name

}  // namespace terrazzo::raster
