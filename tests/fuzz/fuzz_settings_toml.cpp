// Any text as a settings file: settings within their bounds, or an Error of the caller's.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "terrazzo/base/config.hpp"
#include "terrazzo/maps/settings.hpp"

using namespace terrazzo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Json json =
        json_of_toml({reinterpret_cast<const char*>(data), size}, "settings.toml");
    const auto settings = from_json<maps::Settings>(json, "settings");
    if (settings.png_compress_level < 0 || settings.png_compress_level > 9) std::abort();
    if (settings.default_tile_size[0] < 1) std::abort();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input) std::abort();
  }
  return 0;
}
