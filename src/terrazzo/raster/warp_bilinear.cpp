#include <array>
#include <bit>
#include <cstring>

#include "terrazzo/raster/warp_kernels.hpp"

namespace terrazzo::raster {
namespace {

static_assert(std::endian::native == std::endian::little);  // of pairs in one word

// Interior pixels are made in pieces of one fixed length and loops of one operation,
// which compilers turn into SIMD; only the source is read pixel by pixel.
constexpr std::size_t piece = 32;
template <class T>
using PieceOf = std::array<T, piece>;

// Inside a piece positions are 8.24 numbers.
constexpr int piece_bits = 24;
constexpr std::uint32_t piece_fraction = (1U << piece_bits) - 1;
constexpr std::int64_t most_way = std::int64_t{124} << position_bits;  // along a piece

// 8- and 16-bit values are exact in single precision and so are their differences.
template <class T>
using Real = std::conditional_t<sizeof(T) <= 2, float, double>;

// Two neighbours of 8 or 16 bits in the low bits of a word: those around each position.
struct Pairs {
  PieceOf<std::uint32_t> upper{};
  PieceOf<std::uint32_t> lower{};
};

// The upper left of the four pixels around a position, and the weights of the others.
template <class T>
struct Places {
  PieceOf<std::int32_t> offset;  // from the piece's first pixel
  PieceOf<Real<T>> right;
  PieceOf<Real<T>> below;
  Pairs pairs;  // room for them
};

// Positions are those of the centres, half a pixel to the north-west.
struct PieceStart {
  std::int64_t x, y, dx, dy;
  std::uint32_t stride;
};

std::uint32_t short_position(std::int64_t position) {
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(position) >>
                                    (position_bits - piece_bits));
}

std::uint32_t short_step(std::int64_t step) {
  constexpr std::int64_t half = std::int64_t{1} << (position_bits - piece_bits - 1);
  return short_position(step + half);
}

// As below, to the last bit.
template <class T>
[[gnu::always_inline]] inline void locate_exactly(const PieceStart& start,
                                                  Places<T>& places) {
  constexpr std::int64_t fraction = one_pixel - 1;
  std::uint64_t x = static_cast<std::uint64_t>(start.x & fraction);
  std::uint64_t y = static_cast<std::uint64_t>(start.y & fraction);
  for (std::size_t i = 0; i < piece; ++i) {
    const auto col = static_cast<std::int64_t>(x);
    const auto row = static_cast<std::int64_t>(y);
    places.right[i] = as_pixels(col & fraction);
    places.below[i] = as_pixels(row & fraction);
    places.offset[i] =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(whole(row)) * start.stride +
                                  static_cast<std::uint32_t>(whole(col)));
    x += static_cast<std::uint64_t>(start.dx);
    y += static_cast<std::uint64_t>(start.dy);
  }
}

template <class T>
[[gnu::always_inline]] inline void locate(const PieceStart& start, Places<T>& places) {
  const std::uint32_t x0 = short_position(start.x & (one_pixel - 1));
  const std::uint32_t y0 = short_position(start.y & (one_pixel - 1));
  const std::uint32_t dx = short_step(start.dx);
  const std::uint32_t dy = short_step(start.dy);
  const std::uint32_t stride = start.stride;
  constexpr auto part = Real<T>{1} / static_cast<Real<T>>(1U << piece_bits);
  PieceOf<std::uint32_t> x;
  PieceOf<std::uint32_t> y;
  for (std::uint32_t i = 0; i < piece; ++i) x[i] = x0 + i * dx;
  for (std::uint32_t i = 0; i < piece; ++i) y[i] = y0 + i * dy;
  for (std::size_t i = 0; i < piece; ++i)
    places.right[i] =
        static_cast<Real<T>>(static_cast<std::int32_t>(x[i] & piece_fraction)) * part;
  for (std::size_t i = 0; i < piece; ++i)
    places.below[i] =
        static_cast<Real<T>>(static_cast<std::int32_t>(y[i] & piece_fraction)) * part;
  for (std::size_t i = 0; i < piece; ++i) {
    const auto col = static_cast<std::uint32_t>(static_cast<std::int32_t>(x[i]) >> 24);
    const auto row = static_cast<std::uint32_t>(static_cast<std::int32_t>(y[i]) >> 24);
    places.offset[i] = static_cast<std::int32_t>(row * stride + col);
  }
}

template <class T>
[[gnu::always_inline]] inline std::uint32_t pair_at(const T* at) {
  std::conditional_t<sizeof(T) == 1, std::uint16_t, std::uint32_t> pair;
  std::memcpy(&pair, at, sizeof pair);
  return pair;
}

// Eight at once, by way of a register: a wide read after eight narrow writes would wait
// until these have left the processor.
using Eight [[gnu::vector_size(32)]] = std::uint32_t;

template <class T>
[[gnu::always_inline]] inline void gather_eight(const T* first,
                                                const std::int32_t* offset,
                                                std::uint32_t* pairs) {
  const auto at = [&](int i) { return pair_at(first + offset[i]); };
  const Eight eight{at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)};
  std::memcpy(pairs, &eight, sizeof eight);
}

template <class T>
[[gnu::always_inline]] inline void gather(const T* upper, const T* lower,
                                          const PieceOf<std::int32_t>& offset,
                                          std::size_t count, Pairs& pairs) {
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    gather_eight(upper, &offset[i], &pairs.upper[i]);
    gather_eight(lower, &offset[i], &pairs.lower[i]);
  }
  for (; i < count; ++i) {
    pairs.upper[i] = pair_at(upper + offset[i]);
    pairs.lower[i] = pair_at(lower + offset[i]);
  }
}

template <class T>
[[gnu::always_inline]] inline float first_of(std::uint32_t pair) {
  constexpr int unused = 32 - 8 * static_cast<int>(sizeof(T));
  if constexpr (std::is_signed_v<T>)
    return static_cast<float>(static_cast<std::int32_t>(pair << unused) >> unused);
  else
    return static_cast<float>(static_cast<std::int32_t>(pair << unused >> unused));
}

template <class T>
[[gnu::always_inline]] inline float second_of(std::uint32_t pair) {
  return first_of<T>(pair >> (8 * sizeof(T)));
}

template <class T>
[[gnu::always_inline]] inline void blend(const Places<T>& places, PieceOf<T>& out) {
  const Pairs& pairs = places.pairs;
  PieceOf<float> upper;
  PieceOf<float> lower;
  for (std::size_t i = 0; i < piece; ++i) {
    const auto a = first_of<T>(pairs.upper[i]);
    const auto b = second_of<T>(pairs.upper[i]);
    upper[i] = a + (b - a) * places.right[i];
  }
  for (std::size_t i = 0; i < piece; ++i) {
    const auto c = first_of<T>(pairs.lower[i]);
    const auto d = second_of<T>(pairs.lower[i]);
    lower[i] = c + (d - c) * places.right[i];
  }
  for (std::size_t i = 0; i < piece; ++i)
    out[i] = rounded<T>(upper[i] + (lower[i] - upper[i]) * places.below[i]);
}

// `count` pixels of an interior piece from `first`, the upper left of the first four.
template <class T>
[[gnu::always_inline]] inline void draw_piece(const PieceStart& start, const T* first,
                                              std::size_t count, Places<T>& places,
                                              T* out) {
  const auto stride = static_cast<std::ptrdiff_t>(start.stride);
  if constexpr (sizeof(T) <= 2) {
    locate(start, places);
    PieceOf<T> values;
    gather(first, first + stride, places.offset, count, places.pairs);
    blend(places, values);
    std::memcpy(out, values.data(), count * sizeof(T));
  } else {
    locate_exactly(start, places);
    for (std::size_t i = 0; i < count; ++i) {
      const T* const at = first + places.offset[i];
      const auto a = static_cast<double>(at[0]);
      const auto b = static_cast<double>(at[1]);
      const auto c = static_cast<double>(at[stride]);
      const auto d = static_cast<double>(at[stride + 1]);
      const double upper = a + (b - a) * places.right[i];
      const double lower = c + (d - c) * places.right[i];
      out[i] = to_element<T>(upper + (lower - upper) * places.below[i]);
    }
  }
}

template <class T>
using DrawPiece = void(const PieceStart&, const T*, std::size_t, Places<T>&, T*);

template <class T>
void draw_plainly(const PieceStart& start, const T* first, std::size_t count,
                  Places<T>& places, T* out) {
  draw_piece(start, first, count, places, out);
}

#if defined(__x86_64__)
template <class T>
[[gnu::target("avx2")]] void draw_by_avx2(const PieceStart& start, const T* first,
                                          std::size_t count, Places<T>& places, T* out) {
  draw_piece(start, first, count, places, out);
}

template <class T>
DrawPiece<T>* fastest_draw() {
  return __builtin_cpu_supports("avx2") ? draw_by_avx2<T> : draw_plainly<T>;
}
#else
template <class T>
DrawPiece<T>* fastest_draw() {
  return draw_plainly<T>;
}
#endif

// One pixel whose four neighbours may be missing. x and y count from the view's first
// pixel's corner.
template <class T>
void draw_one(const BlockView& source, std::int64_t x, std::int64_t y, T& out,
              std::uint8_t& valid) {
  out = T{};
  const bool inside = holds(source, whole(x), whole(y));
  if (!inside || !is_valid(source, place_of(source, whole(x), whole(y)))) {
    valid = 0;
    return;
  }
  const std::int64_t left = x - one_pixel / 2;
  const std::int64_t top = y - one_pixel / 2;
  const double right = as_pixels(left & (one_pixel - 1));
  const double below = as_pixels(top & (one_pixel - 1));
  const std::array weights{(1 - right) * (1 - below), right * (1 - below),
                           (1 - right) * below, right * below};
  double sum = 0;
  double weight = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::ptrdiff_t col = whole(left) + static_cast<std::ptrdiff_t>(i % 2);
    const std::ptrdiff_t row = whole(top) + static_cast<std::ptrdiff_t>(i / 2);
    if (weights[i] == 0 || !holds(source, col, row)) continue;
    const std::ptrdiff_t place = place_of(source, col, row);
    if (!is_valid(source, place)) continue;
    sum += weights[i] * static_cast<double>(values_of<T>(source)[place]);
    weight += weights[i];
  }
  out = to_element<T>(sum / weight);  // a quarter at least: the pixel at the position
}

// Are all four pixels at the place valid?
bool all_valid(const std::uint8_t* mask, std::ptrdiff_t stride) {
  std::uint16_t upper = 0;
  std::uint16_t lower = 0;
  std::memcpy(&upper, mask, sizeof upper);
  std::memcpy(&lower, mask + stride, sizeof lower);
  constexpr std::uint16_t both = 0x0101;
  return (upper & lower) == both;
}

template <class T>
class Bilinear {
 public:
  Bilinear(const BlockView& source, const WarpSpan& span, void* out, std::uint8_t* valid)
      : source_(source),
        span_(within(source, span)),
        out_(static_cast<T*>(out)),
        valid_(valid) {}

  void run() {
    const Steps inner = interior();
    draw_ones(0, inner.first);
    draw_pieces(inner);
    draw_ones(inner.end, span_.count);
  }

 private:
  // Steps with all four pixels in the view.
  Steps interior() const {
    constexpr std::int64_t rounding =
        one_pixel >> 16;  // more than what a piece is off by
    constexpr std::int64_t margin = one_pixel / 2 + rounding;
    const std::int64_t way = std::max(std::abs(span_.dx), std::abs(span_.dy));
    const bool narrow = source_.cols < 2 || source_.rows < 2;
    if (narrow || way > most_way / 2 || source_.stride > (1U << 23)) return {0, 0};
    return steps_inside(
        span_,
        {margin, margin, static_cast<std::int64_t>(source_.cols) * one_pixel - margin,
         static_cast<std::int64_t>(source_.rows) * one_pixel - margin});
  }

  void draw_ones(std::int32_t from, std::int32_t to) {
    for (std::int32_t i = from; i < to; ++i) draw_one_at(i);
  }

  void draw_one_at(std::int32_t i) {
    draw_one(source_, span_.x + i * span_.dx, span_.y + i * span_.dy, out_[i], valid_[i]);
  }

  void draw_pieces(const Steps& steps) {
    if (steps.first == steps.end) return;
    static DrawPiece<T>* const draw = fastest_draw<T>();
    const std::int64_t way =
        std::max({std::abs(span_.dx), std::abs(span_.dy), std::int64_t{1}});
    const auto length =
        static_cast<std::int32_t>(std::min<std::int64_t>(piece, most_way / way));
    Places<T> places;
    for (std::int32_t i = steps.first; i < steps.end; i += length) {
      constexpr std::int64_t half = one_pixel / 2;
      const PieceStart start{span_.x + i * span_.dx - half, span_.y + i * span_.dy - half,
                             span_.dx, span_.dy,
                             static_cast<std::uint32_t>(source_.stride)};
      const std::int32_t count = std::min(length, steps.end - i);
      const std::ptrdiff_t place = place_of(source_, whole(start.x), whole(start.y));
      draw(start, values_of<T>(source_) + place, static_cast<std::size_t>(count), places,
           out_ + i);
      if (source_.valid != nullptr) mend(i, count, place, places);
    }
  }

  // Makes again the pixels of a piece that have invalid neighbours.
  void mend(std::int32_t from, std::int32_t count, std::ptrdiff_t place,
            const Places<T>& places) {
    const auto stride = static_cast<std::ptrdiff_t>(source_.stride);
    for (std::int32_t i = 0; i < count; ++i) {
      const std::ptrdiff_t at = place + places.offset[static_cast<std::size_t>(i)];
      if (!all_valid(source_.valid + at, stride)) draw_one_at(from + i);
    }
  }

  const BlockView& source_;
  WarpSpan span_;
  T* out_;
  std::uint8_t* valid_;
};

}  // namespace

SpanKernel* bilinear_kernel(ElementType type) {
  return with_type(type, [](auto value) -> SpanKernel* {
    return [](const BlockView& source, const WarpSpan& span, void* out,
              std::uint8_t* valid) {
      Bilinear<decltype(value)>{source, span, out, valid}.run();
    };
  });
}

}  // namespace terrazzo::raster
