#include "terrazzo/raster/downsample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/kernel_weights.hpp"
#include "terrazzo/raster/warp_kernels.hpp"

namespace terrazzo::raster {
namespace {

// Parts of pixels that rounding makes of nothing are left out.
constexpr double least_part = 1e-4;
constexpr double least_weight = 1e-6;

// Loops of one fixed length and one operation, which compilers turn into SIMD.
constexpr std::size_t piece = 32;
template <class T>
using PieceOf = std::array<T, piece>;

constexpr std::size_t padded(std::size_t count) {
  return (count + piece - 1) / piece * piece;
}

// 8- and 16-bit values are exact in single precision.
template <class T>
using Real = std::conditional_t<sizeof(T) <= 2, float, double>;

// The fine pixels of the centres; -1 outside.
std::vector<std::ptrdiff_t> centres(const FineLine& line, std::size_t count,
                                    std::size_t size) {
  std::vector<std::ptrdiff_t> pixels(count, -1);
  for (std::size_t i = 0; i < count; ++i)
    if (const double at = line.centre(i); at >= 0 && at < static_cast<double>(size))
      pixels[i] = static_cast<std::ptrdiff_t>(at);
  return pixels;
}

// The weight of the fine pixel `at` for a pixel of the picture around `centre`.
double weight_at(Kernel kernel, double at, double centre, double step) {
  if (kernel != Kernel::average) return weight_of(kernel, (at + 0.5 - centre) / step);
  const double part =
      std::min(at + 1, centre + step / 2) - std::max(at, centre - step / 2);
  return part < least_part ? 0 : part;
}

// The fine pixels of each pixel of a line of the picture: as many for each, of which
// some may weigh nothing.
template <class R>
struct LineWeights {
  std::size_t taps = 1;
  std::vector<std::int32_t> first;
  std::vector<std::ptrdiff_t> centre;  // the fine pixel that holds it; -1: none does
  std::vector<R> weights;              // tap by tap, `stride` of each
  std::size_t stride = 0;

  LineWeights(Kernel kernel, const FineLine& line, std::size_t count, std::size_t size);
  R weight(std::size_t tap, std::size_t i) const { return weights[tap * stride + i]; }
};

template <class R>
LineWeights<R>::LineWeights(Kernel kernel, const FineLine& line, std::size_t count,
                            std::size_t size)
    : first(padded(count)), centre(centres(line, count, size)), stride(padded(count)) {
  const double reach = line.step * (kernel == Kernel::average ? 0.5 : radius_of(kernel));
  taps = std::min(size, static_cast<std::size_t>(std::ceil(2 * reach)) + 1);
  weights.resize(taps * stride);
  const auto last = static_cast<double>(size - taps);
  for (std::size_t i = 0; i < count; ++i) {
    const double at = line.centre(i);
    const double start = std::clamp(std::floor(at - reach), 0.0, last);
    first[i] = static_cast<std::int32_t>(start);
    double sum = 0;
    const auto weight = [&](std::size_t tap) {
      return weight_at(kernel, start + static_cast<double>(tap), at, line.step);
    };
    for (std::size_t tap = 0; tap < taps; ++tap) sum += weight(tap);
    if (sum == 0) continue;
    for (std::size_t tap = 0; tap < taps; ++tap)
      weights[tap * stride + i] = static_cast<R>(weight(tap) / sum);
  }
}

// A row of weighted sums over columns.
template <class R>
using Sums = std::vector<R>;

// to += weight * row, where valid is not 0; valid may be null.
template <class T, class R>
[[gnu::always_inline]] inline void add_row(const T* row, const std::uint8_t* valid,
                                           R weight, std::size_t count, R* to) {
  PieceOf<T> values{};
  PieceOf<std::uint8_t> kept{};
  PieceOf<R> sums;
  for (std::size_t begin = 0; begin < count; begin += piece) {
    const std::size_t length = std::min(piece, count - begin);
    std::memcpy(values.data(), row + begin, length * sizeof(T));
    std::memcpy(sums.data(), to + begin, sizeof sums);
    if (valid != nullptr) {
      std::memcpy(kept.data(), valid + begin, length);
      for (std::size_t i = 0; i < piece; ++i) values[i] = kept[i] != 0 ? values[i] : T{};
    }
    for (std::size_t i = 0; i < piece; ++i) sums[i] += weight * static_cast<R>(values[i]);
    std::memcpy(to + begin, sums.data(), sizeof sums);
  }
}

// One piece of the picture's row: sums over the columns.
template <class R>
[[gnu::always_inline]] inline PieceOf<R> add_cols(const LineWeights<R>& cols,
                                                  std::size_t begin, const R* sums) {
  PieceOf<R> total{};
  PieceOf<R> at;
  PieceOf<R> weights;
  PieceOf<std::int32_t> first;
  std::memcpy(first.data(), &cols.first[begin], sizeof first);
  for (std::size_t tap = 0; tap < cols.taps; ++tap) {
    for (std::size_t i = 0; i < piece; ++i) at[i] = sums[first[i]];
    ++sums;
    std::memcpy(weights.data(), &cols.weights[tap * cols.stride + begin], sizeof weights);
    for (std::size_t i = 0; i < piece; ++i) total[i] += weights[i] * at[i];
  }
  return total;
}

template <class T>
class Downsampler {
 public:
  using R = Real<T>;

  Downsampler(const Image& fine, const FineLine& cols, const FineLine& rows,
              Kernel kernel, Image& picture)
      : fine_(fine),
        picture_(picture),
        cols_(kernel, cols, picture.cols(), fine.cols()),
        rows_(kernel, rows, picture.rows(), fine.rows()),
        sums_(padded(fine.cols())),
        parts_(padded(fine.cols())) {
    for (std::size_t row = 0; row < fine.rows(); ++row)
      whole_.push_back(std::memchr(valid_of(row), 0, fine.cols()) == nullptr ? 1 : 0);
  }

  void run() {
    const auto draw = fastest_draw();
    for (std::size_t row = 0; row < picture_.rows(); ++row) draw(*this, row);
  }

 private:
  using Draw = void(Downsampler&, std::size_t);

  static void draw_plainly(Downsampler& made, std::size_t row) { made.draw_row(row); }

#if defined(__x86_64__)
  [[gnu::target("avx2")]] static void draw_by_avx2(Downsampler& made, std::size_t row) {
    made.draw_row(row);
  }
  static Draw* fastest_draw() {
    return __builtin_cpu_supports("avx2") ? draw_by_avx2 : draw_plainly;
  }
#else
  static Draw* fastest_draw() { return draw_plainly; }
#endif

  const T* row_of(std::size_t row) const {
    return fine_.values<T>().data() + row * fine_.cols();
  }
  const std::uint8_t* valid_of(std::size_t row) const {
    return fine_.valid().data() + row * fine_.cols();
  }

  [[gnu::always_inline]] void draw_row(std::size_t row) {
    T* const out = picture_.values<T>().data() + row * picture_.cols();
    std::uint8_t* const valid = picture_.valid().data() + row * picture_.cols();
    const auto first = static_cast<std::size_t>(rows_.first[row]);
    const bool whole = std::memchr(&whole_[first], 0, rows_.taps) == nullptr;
    add_rows(row, whole);
    for (std::size_t begin = 0; begin < picture_.cols(); begin += piece) {
      const std::size_t count = std::min(piece, picture_.cols() - begin);
      const PieceOf<R> sums = add_cols(cols_, begin, sums_.data());
      if (whole)
        put(sums, count, out + begin);
      else
        put(divided(sums, add_cols(cols_, begin, parts_.data())), count, out + begin);
    }
    mask_row(row, out, valid);
  }

  [[gnu::always_inline]] void add_rows(std::size_t row, bool whole) {
    std::ranges::fill(sums_, R{});
    if (!whole) std::ranges::fill(parts_, R{});
    for (std::size_t tap = 0; tap < rows_.taps; ++tap) {
      const R weight = rows_.weight(tap, row);
      const std::size_t at = static_cast<std::size_t>(rows_.first[row]) + tap;
      if (weight == 0) continue;
      add_row(row_of(at), whole ? nullptr : valid_of(at), weight, fine_.cols(),
              sums_.data());
      if (!whole) add_row(valid_of(at), nullptr, weight, fine_.cols(), parts_.data());
    }
  }

  [[gnu::always_inline]] static PieceOf<R> divided(PieceOf<R> sums,
                                                   const PieceOf<R>& parts) {
    for (std::size_t i = 0; i < piece; ++i)
      sums[i] =
          std::abs(parts[i]) < static_cast<R>(least_weight) ? 0 : sums[i] / parts[i];
    return sums;
  }

  [[gnu::always_inline]] static void put(const PieceOf<R>& sums, std::size_t count,
                                         T* out) {
    PieceOf<T> values;
    for (std::size_t i = 0; i < piece; ++i)
      if constexpr (std::is_integral_v<T> && sizeof(T) <= 2)
        values[i] = rounded<T>(clamped<T>(sums[i]));
      else
        values[i] = to_element<T>(sums[i]);
    std::memcpy(out, values.data(), count * sizeof(T));
  }

  // Hides what has no valid centre.
  void mask_row(std::size_t row, T* out, std::uint8_t* valid) {
    const std::ptrdiff_t from = rows_.centre[row];
    for (std::size_t i = 0; i < picture_.cols(); ++i) {
      const std::ptrdiff_t at = cols_.centre[i];
      const bool kept =
          from >= 0 && at >= 0 && valid_of(static_cast<std::size_t>(from))[at] != 0;
      valid[i] = kept ? 1 : 0;
      out[i] = kept ? out[i] : T{};
    }
  }

  const Image& fine_;
  Image& picture_;
  LineWeights<R> cols_;
  LineWeights<R> rows_;
  Sums<R> sums_;
  Sums<R> parts_;
  std::vector<std::uint8_t> whole_;  // rows without holes
};

template <class T>
void pick(const Image& fine, const FineLine& cols, const FineLine& rows, Image& picture) {
  const auto col_of = centres(cols, picture.cols(), fine.cols());
  const auto row_of = centres(rows, picture.rows(), fine.rows());
  const auto values = fine.values<T>();
  std::size_t i = 0;
  for (const std::ptrdiff_t row : row_of)
    for (const std::ptrdiff_t col : col_of) {
      const auto at =
          static_cast<std::size_t>(std::max<std::ptrdiff_t>(row, 0)) * fine.cols() +
          static_cast<std::size_t>(std::max<std::ptrdiff_t>(col, 0));
      const bool kept = row >= 0 && col >= 0 && fine.valid()[at] != 0;
      picture.valid()[i] = kept ? 1 : 0;
      picture.values<T>()[i++] = kept ? values[at] : T{};
    }
}

}  // namespace

void downsample(const Image& fine, const FineLine& cols, const FineLine& rows,
                Kernel kernel, Image& picture) {
  if (fine.type() != picture.type())
    throw invalid("cannot downsample {} values to {}", name_of(fine.type()),
                  name_of(picture.type()));
  if (kernel > Kernel::cubic && kernel != Kernel::average)
    throw invalid("a picture cannot be downsampled by this kernel");
  with_type(fine.type(), [&]<class T>(T) {
    if (kernel == Kernel::nearest)
      pick<T>(fine, cols, rows, picture);
    else
      Downsampler<T>{fine, cols, rows, kernel, picture}.run();
  });
}

}  // namespace terrazzo::raster
