#pragma once
// The kernels of warp(), one target row's span at a time; for warp*.cpp only.

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "terrazzo/raster/warp.hpp"

namespace terrazzo::raster {

// Writes span.count values and clears `valid` where they are not.
//   out, valid   of the span's first target pixel; `out` of the source's type
using SpanKernel = void(const BlockView& source, const WarpSpan& span, void* out,
                        std::uint8_t* valid);

SpanKernel* nearest_kernel(ElementType type);              // warp_nearest.cpp
SpanKernel* bilinear_kernel(ElementType type);             // warp_bilinear.cpp
SpanKernel* wide_kernel(Kernel kernel, ElementType type);  // warp_wide.cpp
SpanKernel* area_kernel(Kernel kernel, ElementType type);  // warp_area.cpp

// Source pixels that the kernel looks at to either side of a centre.
struct Reach {
  double cols = 0;
  double rows = 0;
};
Reach reach_of(Kernel kernel, const WarpSpan& span);
// How many pixels wide a pixel of a widened kernel is.
inline constexpr double most_stretch = 16;
double stretch_of(double covered);

// The steps [first, end) of a span.
struct Steps {
  std::int32_t first = 0;
  std::int32_t end = 0;
};

// The steps whose positions lie in [west, east) x [north, south); 32.32 fixed-point.
struct FixedBox {
  std::int64_t west = 0;
  std::int64_t north = 0;
  std::int64_t east = 0;
  std::int64_t south = 0;
};
Steps steps_inside(const WarpSpan& span, const FixedBox& box);

// The span with positions that count from the view's first pixel.
inline WarpSpan within(const BlockView& source, WarpSpan span) {
  span.x -= source.col * one_pixel;
  span.y -= source.row * one_pixel;
  return span;
}

inline std::ptrdiff_t whole(std::int64_t position) { return position >> position_bits; }

inline double as_pixels(std::int64_t position) {
  return static_cast<double>(position) * (1.0 / static_cast<double>(one_pixel));
}

template <class T>
const T* values_of(const BlockView& source) {
  return static_cast<const T*>(source.values);
}

inline bool holds(const BlockView& source, std::ptrdiff_t col, std::ptrdiff_t row) {
  return col >= 0 && row >= 0 && col < static_cast<std::ptrdiff_t>(source.cols) &&
         row < static_cast<std::ptrdiff_t>(source.rows);
}

inline std::ptrdiff_t place_of(const BlockView& source, std::ptrdiff_t col,
                               std::ptrdiff_t row) {
  return row * static_cast<std::ptrdiff_t>(source.stride) + col;
}

inline bool is_valid(const BlockView& source, std::ptrdiff_t place) {
  return source.valid == nullptr || source.valid[place] != 0;
}

// For loops over integers of up to 16 bits that compilers turn into SIMD: half up, of
// values that T can hold.
template <class T>
[[gnu::always_inline]] inline T rounded(float value) {
  constexpr std::int32_t shift = std::is_signed_v<T> ? 1 << 15 : 0;
  return static_cast<T>(
      static_cast<std::int32_t>(value + (static_cast<float>(shift) + 0.5F)) - shift);
}

template <class T>
[[gnu::always_inline]] inline float clamped(float value) {
  constexpr auto low = static_cast<float>(std::numeric_limits<T>::lowest());
  constexpr auto high = static_cast<float>(std::numeric_limits<T>::max());
  value = value < low ? low : value;
  return value > high ? high : value;
}

// Rounds half up and clamps; floats are only narrowed.
template <class T>
T to_element(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    constexpr auto lowest = static_cast<double>(std::numeric_limits<T>::lowest());
    // 2^63 and 2^64 for the widest types, whose greatest value is no double
    constexpr auto beyond =
        static_cast<double>(std::numeric_limits<T>::max()) + (sizeof(T) < 8 ? 1.0 : 0.0);
    const double floored = std::floor(value + 0.5);
    if (!(floored > lowest)) return std::numeric_limits<T>::lowest();
    if (floored >= beyond) return std::numeric_limits<T>::max();
    return static_cast<T>(floored);
  }
}

}  // namespace terrazzo::raster
