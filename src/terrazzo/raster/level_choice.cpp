#include "terrazzo/raster/level_choice.hpp"

#include <cassert>

namespace terrazzo::raster {

std::size_t choose_level(std::span<const double> factors, double scale) {
  assert(!factors.empty());
  constexpr double as_good_as = 1.01;
  std::size_t best = 0;
  for (std::size_t i = 1; i < factors.size(); ++i) {
    const bool fits = factors[i] <= scale * as_good_as;
    const bool best_fits = factors[best] <= scale * as_good_as;
    if (fits == best_fits ? (factors[i] > factors[best]) == fits : fits) best = i;
  }
  return best;
}

}  // namespace terrazzo::raster
