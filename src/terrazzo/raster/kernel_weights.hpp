#pragma once
// The kernels that weigh pixels by their distance.

#include <cmath>
#include <numbers>

#include "terrazzo/raster/warp.hpp"

namespace terrazzo::raster {

// How far the weights of bilinear, cubic and lanczos reach.
inline double radius_of(Kernel kernel) {
  return kernel == Kernel::bilinear ? 1 : kernel == Kernel::cubic ? 2 : 3;
}

inline double cubic_weight(double distance) {
  constexpr double a = -0.5;
  const double t = std::abs(distance);
  if (t >= 2) return 0;
  if (t >= 1) return a * (((t - 5) * t + 8) * t - 4);
  return ((a + 2) * t - (a + 3)) * t * t + 1;
}

inline double lanczos_weight(double distance) {
  constexpr double pi = std::numbers::pi;
  const double t = std::abs(distance);
  if (t >= 3) return 0;
  if (t < 1e-6) return 1;
  return std::sin(pi * t) * std::sin(pi * t / 3) / (pi * pi / 3 * t * t);
}

// Of bilinear, cubic and lanczos; 1 at 0.
inline double weight_of(Kernel kernel, double distance) {
  if (kernel == Kernel::cubic) return cubic_weight(distance);
  if (kernel == Kernel::lanczos) return lanczos_weight(distance);
  return std::max(1 - std::abs(distance), 0.0);
}

}  // namespace terrazzo::raster
