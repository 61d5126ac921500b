#include "terrazzo/raster/warp.hpp"

#include <array>
#include <cstring>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/kernel_weights.hpp"
#include "terrazzo/raster/warp_kernels.hpp"

namespace terrazzo::raster {
namespace {

SpanKernel* kernel_of(Kernel kernel, ElementType type) {
  switch (kernel) {
    case Kernel::nearest:
      return nearest_kernel(type);
    case Kernel::bilinear:
      return bilinear_kernel(type);
    case Kernel::cubic:
    case Kernel::lanczos:
      return wide_kernel(kernel, type);
    default:
      return area_kernel(kernel, type);
  }
}

// Integers [low, high) that hold all positions.
struct Extent {
  std::int64_t low = std::numeric_limits<std::int64_t>::max();
  std::int64_t high = std::numeric_limits<std::int64_t>::lowest();

  void add(std::int64_t from, std::int64_t to, double reach) {
    const auto margin =
        static_cast<std::int64_t>(std::ceil(reach * static_cast<double>(one_pixel)));
    low = std::min(low, whole(std::min(from, to) - margin));
    high = std::max(high, whole(std::max(from, to) + margin) + 1);
  }
  void clip(std::size_t size) {
    low = std::max<std::int64_t>(low, 0);
    high = std::min(high, static_cast<std::int64_t>(size));
  }
  std::size_t size() const { return static_cast<std::size_t>(high - low); }
};

// Zeros that are not valid.
struct Line {
  std::byte* values;
  std::uint8_t* valid;
  std::size_t element;

  void clear(std::size_t from, std::size_t to) const {
    std::memset(values + from * element, 0, (to - from) * element);
    std::memset(valid + from, 0, to - from);
  }
};

void check(const WarpGrid& grid, const BlockView& source, const Image& out,
           std::size_t band) {
  if (out.rows() != grid.rows() || out.cols() != grid.cols() || band >= out.bands())
    throw invalid("cannot warp {} x {} pixels into band {} of {} x {} x {}", grid.rows(),
                  grid.cols(), band, out.bands(), out.rows(), out.cols());
  if (source.type != out.type())
    throw invalid("cannot warp {} values into {}", name_of(source.type),
                  name_of(out.type()));
}

// The first step i >= 0 with at + i * by >= bound; by > 0.
std::int64_t first_at(std::int64_t at, std::int64_t by, std::int64_t bound) {
  return at >= bound ? 0 : (bound - at + by - 1) / by;
}

// Narrows the steps to those with low <= at + i * by < high.
void narrow(Steps& steps, std::int64_t at, std::int64_t by, std::int64_t low,
            std::int64_t high) {
  if (by < 0) {  // the mirror image
    at = -at;
    by = -by;
    const std::int64_t mirrored = 1 - high;
    high = 1 - low;
    low = mirrored;
  }
  if (by == 0) {
    if (at < low || at >= high) steps.end = steps.first;
    return;
  }
  const auto first = std::min<std::int64_t>(first_at(at, by, low), steps.end);
  const auto end = std::min<std::int64_t>(first_at(at, by, high), steps.end);
  steps.first = std::max(steps.first, static_cast<std::int32_t>(first));
  steps.end = std::max(steps.first, static_cast<std::int32_t>(end));
}

}  // namespace

Steps steps_inside(const WarpSpan& span, const FixedBox& box) {
  const auto inside = [&](std::int64_t x, std::int64_t y) {
    return x >= box.west && x < box.east && y >= box.north && y < box.south;
  };
  const std::int64_t last = span.count - 1;
  Steps steps{0, span.count};
  if (inside(span.x, span.y) && inside(span.x + last * span.dx, span.y + last * span.dy))
    return steps;
  narrow(steps, span.x, span.dx, box.west, box.east);
  narrow(steps, span.y, span.dy, box.north, box.south);
  return steps;
}

double stretch_of(double covered) { return std::clamp(covered, 1.0, most_stretch); }

Reach reach_of(Kernel kernel, const WarpSpan& span) {
  const auto width = static_cast<double>(span.width);
  const auto height = static_cast<double>(span.height);
  switch (kernel) {
    case Kernel::nearest:
      return {0, 0};
    case Kernel::bilinear:
      return {0.5, 0.5};
    case Kernel::cubic:
    case Kernel::lanczos:
      return {radius_of(kernel) * stretch_of(width) + 0.5,
              radius_of(kernel) * stretch_of(height) + 0.5};
    default:
      return {width / 2, height / 2};
  }
}

SourceWindow window_for(const WarpGrid& grid, Kernel kernel) {
  Extent cols;
  Extent rows;
  for (const WarpSpan& span : grid.spans()) {
    const Reach reach = reach_of(kernel, span);
    const std::int64_t last = span.count - 1;
    cols.add(span.x, span.x + last * span.dx, reach.cols);
    rows.add(span.y, span.y + last * span.dy, reach.rows);
  }
  if (grid.spans().empty()) return {};
  if (!grid.wraps()) cols.clip(grid.level_cols());
  rows.clip(grid.level_rows());
  return {cols.low, rows.low, cols.size(), rows.size()};
}

void warp(const WarpGrid& grid, Kernel kernel, const BlockView& source, Image& out,
          std::size_t band) {
  check(grid, source, out, band);
  SpanKernel* const draw = kernel_of(kernel, source.type);
  const std::size_t element = size_of(source.type);
  std::byte* const first = out.bytes().data() + band * out.pixels() * element;
  const auto line = [&](std::size_t row) {
    const std::size_t begin = row * out.cols();
    return Line{first + begin * element, out.valid().data() + begin, element};
  };
  const auto spans = grid.spans();
  auto span = spans.begin();
  for (std::size_t row = 0; row < out.rows(); ++row) {
    const Line to = line(row);
    std::size_t done = 0;
    for (; span != spans.end() && static_cast<std::size_t>(span->row) == row; ++span) {
      const auto col = static_cast<std::size_t>(span->col);
      to.clear(done, col);
      draw(source, *span, to.values + col * element, to.valid + col);
      done = col + static_cast<std::size_t>(span->count);
    }
    to.clear(done, out.cols());
  }
}

}  // namespace terrazzo::raster
