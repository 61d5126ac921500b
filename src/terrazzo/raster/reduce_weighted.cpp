#include "terrazzo/raster/reduce_weighted.hpp"

#include <numeric>

namespace terrazzo::raster {
namespace {

// Of the distance in larger pixels.
double triangle(double x) { return std::max(0.0, 1 - std::abs(x)); }

double cubic(double x) {  // Catmull-Rom
  x = std::abs(x);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < 2) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

double weight_of(double pixel, double start, double step, Reduction how) {
  if (how == Reduction::average)
    return std::min(pixel + 1, start + step) - std::max(pixel, start);
  const double distance = (pixel + 0.5 - start) / step - 0.5;
  return how == Reduction::cubic ? cubic(distance) : triangle(distance);
}

}  // namespace

std::vector<Taps> taps_of(std::size_t size, Reduction how) {
  const double step = static_cast<double>(size) / static_cast<double>(reduced(size));
  const double reach = how == Reduction::cubic      ? 1.5 * step
                       : how == Reduction::bilinear ? 0.5 * step
                                                    : 0;
  std::vector<Taps> all(reduced(size));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double start = static_cast<double>(i) * step;
    const double from = std::max(std::floor(start - reach + 1e-8), 0.0);
    const double to =
        std::min(std::ceil(start + step + reach - 1e-8), static_cast<double>(size));
    Taps& taps = all[i];
    taps.first = static_cast<std::size_t>(from);
    for (double pixel = from; pixel < to; ++pixel)
      taps.weights.push_back(weight_of(pixel, start, step, how));
    const double sum = std::reduce(taps.weights.begin(), taps.weights.end());
    for (double& weight : taps.weights) weight /= sum;
  }
  return all;
}

}  // namespace terrazzo::raster
