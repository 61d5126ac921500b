#include "terrazzo/raster/nodata.hpp"

#include <cmath>

namespace terrazzo::raster {

void mask_nodata(Image& image, const std::optional<double>& nodata) {
  with_type(image.type(), [&]<class T>(T) {
    const auto values = image.values<T>();
    const auto valid = image.valid();
    if constexpr (std::is_floating_point_v<T>)
      for (std::size_t i = 0; i < values.size(); ++i)
        if (!std::isfinite(values[i])) valid[i] = 0;
    if (!nodata || std::isnan(*nodata)) return;
    const T missing = static_cast<T>(*nodata);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == missing) valid[i] = 0;
  });
}

}  // namespace terrazzo::raster
