#include "terrazzo/raster/weight_table.hpp"

#include <algorithm>
#include <cmath>

namespace terrazzo::raster {

WeightTable::WeightTable(Kernel kernel, double stretch)
    : kernel_(kernel), stretch_(stretch) {
  // Between phases weights are interpolated; wider kernels bend less.
  constexpr double phases_of_a_pixel = 1024;
  phases_ = static_cast<std::size_t>(std::ceil(phases_of_a_pixel / stretch));
  taps_ = 2 * static_cast<std::size_t>(std::ceil(radius_of(kernel) * stretch));
  fours_ = (taps_ + 3) / 4;
  weights_.resize((phases_ + 2) * fours_);
  for (std::size_t phase = 0; phase < phases_ + 2; ++phase) {
    const double fraction = static_cast<double>(phase) / static_cast<double>(phases_);
    for (std::size_t tap = 0; tap < taps_; ++tap) {
      const double distance =
          static_cast<double>(tap) - static_cast<double>(before()) - fraction;
      weights_[phase * fours_ + tap / 4][tap % 4] =
          static_cast<float>(weight_of(kernel, distance / stretch));
    }
  }
}

}  // namespace terrazzo::raster
