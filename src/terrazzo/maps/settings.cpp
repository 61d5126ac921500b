#include "terrazzo/maps/settings.hpp"

#include <algorithm>

#include "terrazzo/base/text.hpp"

namespace terrazzo::maps {

void check(const Settings& settings) {
  const auto largest = std::ranges::max(settings.default_tile_size);
  if (largest > settings.max_tile_size)
    throw invalid(
        "settings: 'max_tile_size' cannot be {} while 'default_tile_size' is [{}, {}]; "
        "it "
        "is at least {}",
        settings.max_tile_size, settings.default_tile_size[0],
        settings.default_tile_size[1], largest);
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  };
  if (std::ranges::any_of(settings.cache_control, is_control))
    throw invalid(
        "settings: 'cache_control' cannot be \"{}\"; it is one line of visible "
        "characters",
        shown(settings.cache_control));
}

}  // namespace terrazzo::maps
