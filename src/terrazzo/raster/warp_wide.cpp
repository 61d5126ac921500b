#include <array>
#include <numbers>

#include "terrazzo/raster/warp_kernels.hpp"

namespace terrazzo::raster {
namespace {

constexpr std::size_t most_taps = 2 * 3 * static_cast<std::size_t>(most_stretch) + 2;
constexpr double least_weight = 1e-6;

// Weights of the pixels first .. first + count - 1 of a line.
struct Taps {
  std::ptrdiff_t first = 0;
  std::size_t count = 0;
  std::array<double, most_taps> weights;
};

double cubic(double distance) {
  constexpr double a = -0.5;
  const double t = std::abs(distance);
  if (t >= 2) return 0;
  if (t >= 1) return a * (((t - 5) * t + 8) * t - 4);
  return ((a + 2) * t - (a + 3)) * t * t + 1;
}

struct Cubic {
  static constexpr Kernel kernel = Kernel::cubic;
  // Weights at `distance`, distance + step, …
  static void fill(double distance, double step, std::span<double> weights) {
    for (double& weight : weights) {
      weight = cubic(distance);
      distance += step;
    }
  }
};

// sin(from), sin(from + by), … by the addition theorem.
class Sines {
 public:
  Sines(double from, double by)
      : sin_(std::sin(from)),
        cos_(std::cos(from)),
        sin_by_(std::sin(by)),
        cos_by_(std::cos(by)) {}
  double next() {
    const double sine = sin_;
    sin_ = sine * cos_by_ + cos_ * sin_by_;
    cos_ = cos_ * cos_by_ - sine * sin_by_;
    return sine;
  }

 private:
  double sin_, cos_, sin_by_, cos_by_;
};

struct Lanczos {
  static constexpr Kernel kernel = Kernel::lanczos;
  static void fill(double distance, double step, std::span<double> weights) {
    constexpr double pi = std::numbers::pi;
    Sines fast{distance * pi, step * pi};
    Sines slow{distance * (pi / 3), step * (pi / 3)};
    for (double& weight : weights) {
      const double sines = fast.next() * slow.next();
      const bool middle = std::abs(distance) < 1e-6;
      const double squares = pi * pi / 3 * distance * distance;
      weight = std::abs(distance) >= 3 ? 0 : middle ? 1 : sines / squares;
      distance += step;
    }
  }
};

// For a centre (in pixels from the view's corner) and a kernel `stretch` times as wide,
// without the pixels beyond 0 .. size - 1.
template <class K>
void fill_taps(double centre, double stretch, std::size_t size, Taps& taps) {
  const double middle = centre - 0.5;
  const double radius = radius_of(K::kernel) * stretch;
  const auto first = static_cast<std::ptrdiff_t>(std::floor(middle - radius)) + 1;
  const auto last = static_cast<std::ptrdiff_t>(std::ceil(middle + radius)) - 1;
  taps.first = std::max<std::ptrdiff_t>(first, 0);
  const auto end = std::min(last + 1, static_cast<std::ptrdiff_t>(size));
  taps.count = end > taps.first ? static_cast<std::size_t>(end - taps.first) : 0;
  K::fill((static_cast<double>(taps.first) - middle) / stretch, 1 / stretch,
          std::span{taps.weights}.first(taps.count));
}

struct Weighted {
  double sum = 0;
  double weight = 0;
};

template <class T>
Weighted add_row(const T* values, const Taps& cols) {
  Weighted row;
  for (std::size_t i = 0; i < cols.count; ++i) {
    row.sum += cols.weights[i] * static_cast<double>(values[i]);
    row.weight += cols.weights[i];
  }
  return row;
}

template <class T>
Weighted add_masked_row(const T* values, const std::uint8_t* valid, const Taps& cols) {
  Weighted row;
  for (std::size_t i = 0; i < cols.count; ++i) {
    if (valid[i] == 0) continue;
    row.sum += cols.weights[i] * static_cast<double>(values[i]);
    row.weight += cols.weights[i];
  }
  return row;
}

template <class T>
Weighted add_all(const BlockView& source, const Taps& cols, const Taps& rows) {
  Weighted all;
  for (std::size_t i = 0; i < rows.count; ++i) {
    const std::ptrdiff_t place =
        place_of(source, cols.first, rows.first + static_cast<std::ptrdiff_t>(i));
    const T* const values = values_of<T>(source) + place;
    const Weighted row = source.valid == nullptr
                             ? add_row(values, cols)
                             : add_masked_row(values, source.valid + place, cols);
    all.sum += rows.weights[i] * row.sum;
    all.weight += rows.weights[i] * row.weight;
  }
  return all;
}

template <class K, class T>
void wide(const BlockView& source, const WarpSpan& placed, void* to,
          std::uint8_t* valid) {
  const WarpSpan span = within(source, placed);
  auto* const out = static_cast<T*>(to);
  const double across = stretch_of(static_cast<double>(span.width));
  const double down = stretch_of(static_cast<double>(span.height));
  Taps cols;
  Taps rows;
  for (std::int32_t i = 0; i < span.count; ++i) {
    const std::int64_t x = span.x + i * span.dx;
    const std::int64_t y = span.y + i * span.dy;
    out[i] = T{};
    if (!holds(source, whole(x), whole(y)) ||
        !is_valid(source, place_of(source, whole(x), whole(y)))) {
      valid[i] = 0;
      continue;
    }
    fill_taps<K>(as_pixels(x), across, source.cols, cols);
    fill_taps<K>(as_pixels(y), down, source.rows, rows);
    const Weighted all = add_all<T>(source, cols, rows);
    if (std::abs(all.weight) < least_weight)
      valid[i] = 0;
    else
      out[i] = to_element<T>(all.sum / all.weight);
  }
}

}  // namespace

SpanKernel* wide_kernel(Kernel kernel, ElementType type) {
  return with_type(type, [&](auto value) -> SpanKernel* {
    using T = decltype(value);
    return kernel == Kernel::cubic ? &wide<Cubic, T> : &wide<Lanczos, T>;
  });
}

}  // namespace terrazzo::raster
