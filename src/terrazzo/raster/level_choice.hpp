#pragma once
// Which overview a picture is made from.

#include <cstddef>
#include <span>

namespace terrazzo::raster {

// The coarsest level that is not coarser than the picture; the finest if all are.
//   factors  pixels of the full raster along a pixel of each level: 1, 2, 4 …; not empty,
//            in any order
//   scale    pixels of the full raster along a pixel of the picture
// A level counts as not coarser up to 1 %, so that pictures on the grid of an overview
// are made from it whatever transformations leave in the last digits.
std::size_t choose_level(std::span<const double> factors, double scale);

}  // namespace terrazzo::raster
