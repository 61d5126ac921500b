#pragma once
// Which overview a picture is made from.

#include <cstddef>
#include <span>

#include "terrazzo/raster/warp.hpp"

namespace terrazzo::raster {

// The coarsest level that is not coarser than the picture; the finest if all are.
//   factors  pixels of the full raster along a pixel of each level: 1, 2, 4 …; not empty,
//            in any order
//   scale    pixels of the full raster along a pixel of the picture:
//            pixel_scale(map, full).finer()
// A level counts as not coarser up to 1 %, so that pictures on the grid of an overview
// are made from it whatever transformations leave in the last digits.
std::size_t choose_level(std::span<const double> factors, double scale);

// The kernel for a level of which a picture's pixel spans `scale` pixels: `between` as
// long as it reaches all of them (up to 2), `reduce` beyond.
Kernel choose_kernel(Kernel reduce, Kernel between, double scale);

}  // namespace terrazzo::raster
