#include <array>
#include <cstring>
#include <numbers>

#include "terrazzo/raster/kernel_weights.hpp"
#include "terrazzo/raster/warp_kernels.hpp"
#include "terrazzo/raster/weight_table.hpp"

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

struct Cubic {
  static constexpr Kernel kernel = Kernel::cubic;
  // Weights at `distance`, distance + step, …
  static void fill(double distance, double step, std::span<double> weights) {
    for (double& weight : weights) {
      weight = cubic_weight(distance);
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

// A pixel whose neighbours may be missing.
template <class K, class T>
void draw_one(const BlockView& source, const WarpSpan& span, std::int32_t i, T* out,
              std::uint8_t* valid) {
  const std::int64_t x = span.x + i * span.dx;
  const std::int64_t y = span.y + i * span.dy;
  out[i] = T{};
  if (!holds(source, whole(x), whole(y)) ||
      !is_valid(source, place_of(source, whole(x), whole(y)))) {
    valid[i] = 0;
    return;
  }
  Taps cols;
  Taps rows;
  fill_taps<K>(as_pixels(x), stretch_of(static_cast<double>(span.width)), source.cols,
               cols);
  fill_taps<K>(as_pixels(y), stretch_of(static_cast<double>(span.height)), source.rows,
               rows);
  const Weighted all = add_all<T>(source, cols, rows);
  if (std::abs(all.weight) < least_weight)
    valid[i] = 0;
  else
    out[i] = to_element<T>(all.sum / all.weight);
}

template <class K, class T>
void wide(const BlockView& source, const WarpSpan& placed, void* to,
          std::uint8_t* valid) {
  const WarpSpan span = within(source, placed);
  for (std::int32_t i = 0; i < span.count; ++i)
    draw_one<K>(source, span, i, static_cast<T*>(to), valid);
}

// Of a picture's columns and rows, kept from one span of this thread to the next.
struct TablePair {
  WeightTable cols;
  WeightTable rows;
};

const TablePair& tables_of(Kernel kernel, double across, double down) {
  thread_local TablePair tables;
  if (!tables.cols.is_of(kernel, across)) tables.cols = WeightTable{kernel, across};
  if (!tables.rows.is_of(kernel, down)) tables.rows = WeightTable{kernel, down};
  return tables;
}

template <class T>
struct FourOf {
  using Type [[gnu::vector_size(4 * sizeof(T))]] = T;
};

template <class T>
[[gnu::always_inline]] inline Four four_at(const T* at) {
  typename FourOf<T>::Type values;
  std::memcpy(&values, at, sizeof values);
  return __builtin_convertvector(values, Four);
}

float sum_of(Four four) { return (four[0] + four[1]) + (four[2] + four[3]); }

// Integers of up to 16 bits, where all pixels of the kernel are in the view, by weights
// from tables.
template <class K, class T>
class WideSpan {
 public:
  WideSpan(const BlockView& source, const WarpSpan& placed, void* to, std::uint8_t* valid)
      : source_(source),
        span_(within(source, placed)),
        tables_(tables_of(K::kernel, stretch_of(static_cast<double>(span_.width)),
                          stretch_of(static_cast<double>(span_.height)))),
        cols_(tables_.cols),
        rows_(tables_.rows),
        out_(static_cast<T*>(to)),
        valid_(valid) {}

  void run() {
    const Steps inner = interior();
    draw_ones(0, inner.first);
    fastest_draw()(*this, inner);
    draw_ones(inner.end, span_.count);
  }

 private:
  using Draw = void(WideSpan&, const Steps&);

  static void draw_plainly(WideSpan& span, const Steps& steps) { span.draw(steps); }

#if defined(__x86_64__)
  [[gnu::target("avx2")]] static void draw_by_avx2(WideSpan& span, const Steps& steps) {
    span.draw(steps);
  }
  static Draw* fastest_draw() {
    return __builtin_cpu_supports("avx2") ? draw_by_avx2 : draw_plainly;
  }
#else
  static Draw* fastest_draw() { return draw_plainly; }
#endif

  // Steps with all pixels of the tables in the view.
  Steps interior() const {
    constexpr std::int64_t half = one_pixel / 2;
    const auto pixels = [](std::size_t count) {
      return static_cast<std::int64_t>(count) * one_pixel;
    };
    const auto end = [&](std::size_t size, std::size_t after) {
      return size >= after ? pixels(size - after + 1) + half : 0;
    };
    return steps_inside(span_,
                        {pixels(cols_.before()) + half, pixels(rows_.before()) + half,
                         end(source_.cols, 4 * cols_.fours() - cols_.before()),
                         end(source_.rows, rows_.taps() - rows_.before())});
  }

  void draw_ones(std::int32_t from, std::int32_t to) {
    for (std::int32_t i = from; i < to; ++i) draw_one<K>(source_, span_, i, out_, valid_);
  }

  [[gnu::always_inline]] void draw(const Steps& steps) {
    for (std::int32_t i = steps.first; i < steps.end; ++i) {
      const std::int64_t x = span_.x + i * span_.dx - one_pixel / 2;
      const std::int64_t y = span_.y + i * span_.dy - one_pixel / 2;
      const std::ptrdiff_t first =
          place_of(source_, whole(x) - static_cast<std::ptrdiff_t>(cols_.before()),
                   whole(y) - static_cast<std::ptrdiff_t>(rows_.before()));
      if (source_.valid != nullptr && !all_valid(first))
        draw_one<K>(source_, span_, i, out_, valid_);
      else
        out_[i] = rounded<T>(clamped<T>(value_at(first, x, y)));
    }
  }

  bool all_valid(std::ptrdiff_t first) const {
    constexpr std::uint32_t four_valid = 0x01010101;
    bool all = true;
    for (std::size_t row = 0; row < rows_.taps(); ++row)
      for (std::size_t i = 0; i < cols_.fours(); ++i) {
        std::uint32_t four = 0;
        std::memcpy(&four, source_.valid + first + row * source_.stride + 4 * i,
                    sizeof four);
        all = all && four == four_valid;
      }
    return all;
  }

  static float fraction(std::int64_t position) {
    return static_cast<float>(as_pixels(position & (one_pixel - 1)));
  }

  [[gnu::always_inline]] float value_at(std::ptrdiff_t first, std::int64_t x,
                                        std::int64_t y) const {
    std::array<Four, most_fours> across;
    std::array<Four, most_fours> down;
    cols_.get(fraction(x), across.data());
    rows_.get(fraction(y), down.data());
    Four total{};
    const T* at = values_of<T>(source_) + first;
    for (std::size_t row = 0; row < rows_.taps(); ++row) {
      Four sum{};
      for (std::size_t i = 0; i < cols_.fours(); ++i)
        sum += across[i] * four_at(at + 4 * i);
      total += sum * down[row / 4][row % 4];
      at += source_.stride;
    }
    return sum_of(total) / (total_of(across, cols_) * total_of(down, rows_));
  }

  // Lanczos weights do not add up to one.
  [[gnu::always_inline]] static float total_of(
      const std::array<Four, most_fours>& weights, const WeightTable& table) {
    Four sum{};
    for (std::size_t i = 0; i < table.fours(); ++i) sum += weights[i];
    return sum_of(sum);
  }

  const BlockView& source_;
  WarpSpan span_;
  const TablePair& tables_;
  const WeightTable& cols_;
  const WeightTable& rows_;
  T* out_;
  std::uint8_t* valid_;
};

template <class K, class T>
void draw_span(const BlockView& source, const WarpSpan& span, void* out,
               std::uint8_t* valid) {
  if constexpr (std::is_integral_v<T> && sizeof(T) <= 2)
    WideSpan<K, T>{source, span, out, valid}.run();
  else
    wide<K, T>(source, span, out, valid);
}

}  // namespace

SpanKernel* wide_kernel(Kernel kernel, ElementType type) {
  return with_type(type, [&](auto value) -> SpanKernel* {
    using T = decltype(value);
    return kernel == Kernel::cubic ? &draw_span<Cubic, T> : &draw_span<Lanczos, T>;
  });
}

}  // namespace terrazzo::raster
