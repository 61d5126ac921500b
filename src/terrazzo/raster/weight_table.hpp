#pragma once
// Weights of cubic and lanczos kernels for any place, ready to be multiplied with; for
// warp_wide.cpp.

#include <array>
#include <vector>

#include "terrazzo/raster/kernel_weights.hpp"

namespace terrazzo::raster {

using Four [[gnu::vector_size(16)]] = float;

// Single precision, right to 2e-6.
class WeightTable {
 public:
  WeightTable() = default;
  // The kernel `stretch` times as wide.
  WeightTable(Kernel kernel, double stretch);

  bool is_of(Kernel kernel, double stretch) const {
    return kernel == kernel_ && stretch == stretch_;
  }
  // The pixels that have a weight, and those and the ones without that make fours.
  std::size_t taps() const { return taps_; }
  std::size_t fours() const { return fours_; }
  // Of these, the pixels left of the one whose centre is just left of the place.
  std::size_t before() const { return taps_ / 2 - 1; }

  // fours() weights for a place `fraction` (0 to 1) right of that centre.
  [[gnu::always_inline]] inline void get(float fraction, Four* weights) const {
    const float place = fraction * static_cast<float>(phases_);
    const auto phase = static_cast<std::size_t>(place);
    const float share = place - static_cast<float>(phase);
    const Four* const at = &weights_[phase * fours_];
    for (std::size_t i = 0; i < fours_; ++i)
      weights[i] = at[i] + (at[i + fours_] - at[i]) * share;
  }

 private:
  Kernel kernel_ = Kernel::nearest;
  double stretch_ = 0;
  std::size_t taps_ = 0;
  std::size_t fours_ = 0;
  std::size_t phases_ = 0;
  std::vector<Four> weights_{};  // a line for each phase, its end and one beyond
};

// As many fours as the widest kernel has.
inline constexpr std::size_t most_fours = 2 * 3 * 16 / 4 + 1;

}  // namespace terrazzo::raster
