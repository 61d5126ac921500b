#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "terrazzo/base/context.hpp"

namespace terrazzo::raster {

// "gamma rgb 1.5, sigmoidal rgb 6 0.5, saturation 1.2": the colour operations of
// Terracotta's color_transform, applied to values of 0..1.
class ColorTransform {
 public:
  // bands: 1 or 3. Throws invalid_input "Invalid color transform" (with a note saying
  // why) for anything the picture of so many bands cannot have, an empty text and more
  // than 16 operations included.
  static ColorTransform parse(std::string_view text, std::size_t bands);

  // Each span holds one band, equally long; in place. NaN stays NaN (and counts as 0 for
  // the other bands of a saturation); others end in 0..1.
  // Throws cancelled, timeout: the context ended; looked at between blocks of pixels.
  // Cost: O(pixels x operations); allocates nothing. Source: color-operations of
  // rio-color.
  void apply(std::span<const std::span<double>> bands, const Context& context = {}) const;

 private:
  struct Gamma {
    std::vector<std::size_t> bands;
    double gamma;
  };
  struct Sigmoidal {
    std::vector<std::size_t> bands;
    double contrast;
    double bias;
  };
  struct Saturation {
    double proportion;
  };
  using Operation = std::variant<Gamma, Sigmoidal, Saturation>;
  std::vector<Operation> operations_;
};

}  // namespace terrazzo::raster
