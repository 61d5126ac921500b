#include "terrazzo/raster/warp_kernels.hpp"

namespace terrazzo::raster {
namespace {

template <class T>
void clear(T* out, std::uint8_t* valid, std::int32_t from, std::int32_t to) {
  std::fill(out + from, out + to, T{});
  std::fill(valid + from, valid + to, std::uint8_t{0});
}

template <class T>
void nearest(const BlockView& source, const WarpSpan& placed, void* to,
             std::uint8_t* valid) {
  const WarpSpan span = within(source, placed);
  const Steps steps =
      steps_inside(span, {0, 0, static_cast<std::int64_t>(source.cols) * one_pixel,
                          static_cast<std::int64_t>(source.rows) * one_pixel});
  auto* const out = static_cast<T*>(to);
  clear(out, valid, 0, steps.first);
  clear(out, valid, steps.end, span.count);
  const T* const values = values_of<T>(source);
  const auto stride = static_cast<std::ptrdiff_t>(source.stride);
  std::int64_t x = span.x + steps.first * span.dx;
  std::int64_t y = span.y + steps.first * span.dy;
  if (source.valid == nullptr) {
    for (std::int32_t i = steps.first; i < steps.end; ++i) {
      out[i] = values[whole(y) * stride + whole(x)];
      x += span.dx;
      y += span.dy;
    }
    return;
  }
  for (std::int32_t i = steps.first; i < steps.end; ++i) {
    const std::ptrdiff_t place = whole(y) * stride + whole(x);
    const bool kept = source.valid[place] != 0;
    out[i] = kept ? values[place] : T{};
    valid[i] &= static_cast<std::uint8_t>(kept);
    x += span.dx;
    y += span.dy;
  }
}

}  // namespace

SpanKernel* nearest_kernel(ElementType type) {
  return with_type(type,
                   [](auto value) -> SpanKernel* { return &nearest<decltype(value)>; });
}

}  // namespace terrazzo::raster
