// Any text as a colour transform: applied, values stay within 0..1; or refused.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/color_transform.hpp"

using namespace terrazzo;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const std::size_t bands : {std::size_t{1}, std::size_t{3}}) {
    std::array<std::array<double, 5>, 3> values;
    values.fill({0, 0.25, 0.5, 1, std::nan("")});
    std::array<std::span<double>, 3> spans{values[0], values[1], values[2]};
    try {
      raster::ColorTransform::parse(text, bands).apply(std::span{spans}.first(bands));
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::invalid_input) std::abort();
      continue;
    }
    for (std::size_t band = 0; band < bands; ++band)
      for (std::size_t i = 0; i < 4; ++i)
        if (!(values[band][i] >= 0 && values[band][i] <= 1)) std::abort();
  }
  return 0;
}
