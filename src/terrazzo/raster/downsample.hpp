#pragma once
// Pictures from finer ones on the same grid.

#include "terrazzo/data/image.hpp"
#include "terrazzo/raster/warp.hpp"

namespace terrazzo::raster {

// Pixel i of a picture spans [start + i * step, start + (i + 1) * step) of a line of
// finer pixels; step >= 1.
struct FineLine {
  double start = 0;
  double step = 1;
  double centre(std::size_t i) const {
    return start + (static_cast<double>(i) + 0.5) * step;
  }
};

// Band 0 of the picture. A pixel is valid if the fine pixel that holds its centre is; its
// value is the mean of the valid fine pixels around: nearest takes that pixel, average
// weighs by the area covered, bilinear and cubic by kernels as wide as the picture's
// pixels. What lies outside `fine` is not valid. Integers are rounded half up and
// clamped; up to 16 bits they are right to 1 (single precision).
//
// Throws invalid_input: other types, or a kernel that is none of these four.
// Cost   O(fine pixels) for average, four and sixteen times that for the others.
void downsample(const Image& fine, const FineLine& cols, const FineLine& rows,
                Kernel kernel, Image& picture);

}  // namespace terrazzo::raster
