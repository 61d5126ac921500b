#include "terrazzo/raster/stretch.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace terrazzo::raster {
namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// What (v - low) is multiplied with so that the range becomes `extent` wide.
double factor_of(Range range, double extent) {
  const double width = range.high - range.low;
  return std::abs(width) > 1e-8 ? extent / width : 1.0;
}

// NaN stays NaN.
double clip(double value, double low, double high) {
  value = value < low ? low : value;
  return value > high ? high : value;
}

// 0; NaN if the value is NaN or infinite, and so is any sum with it.
double poison(double value) { return value - value; }

// Pixels are worked on in pieces of one fixed length and loops of one operation, which
// compilers turn into SIMD.
constexpr std::size_t piece = 64;
template <class T>
using PieceOf = std::array<T, piece>;
using Piece = PieceOf<double>;

// byte = rint(gain * clip((v - low) * factor + offset, least, most) + shift)
struct Line {
  double low;
  double factor;
  double offset;
  double least;
  double most;
  double gain;
  double shift;
};

// Works on copies of its own, which nothing else can point to.
[[gnu::always_inline]] inline void apply(const Line line, const Piece& in,
                                         std::uint8_t* out) {
  Piece values = in;
  for (double& value : values) value = (value - line.low) * line.factor + line.offset;
  for (double& value : values) value = value < line.least ? line.least : value;
  for (double& value : values) value = value > line.most ? line.most : value;
  for (std::size_t i = 0; i < piece; ++i)
    values[i] = values[i] * line.gain + line.shift + poison(in[i]);
  for (double& value : values) value = value == value ? value : 0;
  // half to even: adding 1.5 * 2^52 leaves the integer in the lowest bits of the sum
  for (double& value : values) value += 6755399441055744.0;
  PieceOf<std::uint8_t> bytes;
  for (std::size_t i = 0; i < piece; ++i)
    bytes[i] = static_cast<std::uint8_t>(std::bit_cast<std::uint64_t>(values[i]));
  std::memcpy(out, bytes.data(), piece);
}

using Apply = void(const Line&, const Piece&, std::uint8_t*);

void apply_plainly(const Line& line, const Piece& in, std::uint8_t* out) {
  apply(line, in, out);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void apply_by_avx2(const Line& line, const Piece& in,
                                           std::uint8_t* out) {
  apply(line, in, out);
}

Apply* fastest_apply() {
  return __builtin_cpu_supports("avx2") ? apply_by_avx2 : apply_plainly;
}
#else
Apply* fastest_apply() { return apply_plainly; }
#endif

// By way of 0..1.
Line in_two_steps(Range range) {
  return {range.low, factor_of(range, 1), 0, 0, 1, 254, 1};
}

Line in_one_step(Range range) {
  return {range.low, factor_of(range, 254), 1, 1, 255, 1, 0};
}

// 0xff for valid, 0 for not.
std::uint8_t mask_of(std::uint8_t valid) { return static_cast<std::uint8_t>(-valid); }

template <class T>
void by_arithmetic(std::span<const T> values, std::span<const std::uint8_t> valid,
                   const Line& line, std::span<std::uint8_t> out) {
  Apply* const apply_line = fastest_apply();
  PieceOf<T> from{};
  PieceOf<std::uint8_t> masks{};
  PieceOf<std::uint8_t> bytes;
  Piece wide;
  for (std::size_t begin = 0; begin < values.size(); begin += piece) {
    const std::size_t length = std::min(piece, values.size() - begin);
    std::memcpy(from.data(), &values[begin], length * sizeof(T));
    std::memcpy(masks.data(), &valid[begin], length);
    for (std::size_t i = 0; i < piece; ++i) wide[i] = static_cast<double>(from[i]);
    apply_line(line, wide, bytes.data());
    for (std::size_t i = 0; i < piece; ++i) bytes[i] &= mask_of(masks[i]);
    std::memcpy(&out[begin], bytes.data(), length);
  }
}

// The byte of each value of a type of one or two bytes, by its bits.
template <class T>
void fill_table(const Line& line, std::span<std::uint8_t> table) {
  using Index = std::make_unsigned_t<T>;
  Apply* const apply_line = fastest_apply();
  Piece scaled;
  for (std::size_t begin = 0; begin < table.size(); begin += piece) {
    for (std::size_t i = 0; i < piece; ++i)
      scaled[i] = static_cast<double>(static_cast<T>(static_cast<Index>(begin + i)));
    apply_line(line, scaled, &table[begin]);
  }
}

template <class T>
void by_table(std::span<const T> values, std::span<const std::uint8_t> valid,
              std::span<const std::uint8_t> table, std::span<std::uint8_t> out) {
  using Index = std::make_unsigned_t<T>;
  for (std::size_t i = 0; i < values.size(); ++i)
    out[i] = table[static_cast<Index>(values[i])] & mask_of(valid[i]);
}

using LineOf = Line(Range);

// The tables a thread used last: tiles of one layer share their stretch, and an RGB tile
// has three. Filling one costs as much as the arithmetic for 65 536 pixels.
template <class T, LineOf line_of>
class Tables {
 public:
  // Empty: there is none, and a picture of so few pixels is not worth one.
  std::span<const std::uint8_t> find(Range range, std::size_t pixels) {
    for (const Table& table : tables_)
      if (!table.bytes.empty() && table.range == range) return table.bytes;
    if (pixels < least_pixels) return {};
    Table& table = tables_[next_++ % tables_.size()];
    table.bytes.resize(std::size_t{1} << 16);
    table.range = range;
    fill_table<T>(line_of(range), table.bytes);
    return table.bytes;
  }

 private:
  static constexpr std::size_t least_pixels = 128 * 128;
  struct Table {
    Range range;
    std::vector<std::uint8_t> bytes;
  };
  std::array<Table, 4> tables_;
  std::size_t next_ = 0;
};

template <LineOf line_of, class T>
void stretch_values(std::span<const T> values, std::span<const std::uint8_t> valid,
                    Range range, std::span<std::uint8_t> out) {
  if constexpr (sizeof(T) == 1) {
    std::array<std::uint8_t, 256> table;
    if (values.size() > table.size()) {
      fill_table<T>(line_of(range), table);
      return by_table<T>(values, valid, table, out);
    }
  } else if constexpr (sizeof(T) == 2) {
    thread_local Tables<T, line_of> tables;
    const auto table = tables.find(range, values.size());
    if (!table.empty()) return by_table<T>(values, valid, table, out);
  }
  by_arithmetic<T>(values, valid, line_of(range), out);
}

template <LineOf line_of>
void stretch_as(const Image& in, std::size_t band, Range range,
                std::span<std::uint8_t> out) {
  assert(band < in.bands() && out.size() == in.pixels());
  with_type(in.type(), [&]<class T>(T) {
    stretch_values<line_of, T>(in.values<T>(band), in.valid(), range, out);
  });
}

}  // namespace

void scale(const Image& in, std::size_t band, Range range, std::span<double> out) {
  assert(band < in.bands() && out.size() == in.pixels());
  const double factor = factor_of(range, 1);
  const std::span<const std::uint8_t> valid = in.valid();
  with_type(in.type(), [&]<class T>(T) {
    const std::span<const T> values = in.values<T>(band);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double value = static_cast<double>(values[i]);
      const double scaled = clip((value - range.low) * factor, 0, 1) + poison(value);
      out[i] = valid[i] ? scaled : not_a_number;
    }
  });
}

void to_bytes(std::span<const double> scaled, std::span<const std::uint8_t> valid,
              std::span<std::uint8_t> out) {
  assert(scaled.size() == valid.size() && scaled.size() == out.size());
  by_arithmetic(scaled, valid, in_two_steps({0, 1}), out);
}

void to_words(std::span<const double> scaled, std::span<const std::uint8_t> valid,
              std::span<std::uint16_t> out) {
  assert(scaled.size() == valid.size() && scaled.size() == out.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool is_there = valid[i] != 0 && std::isfinite(scaled[i]);
    const double word = clip(scaled[i], 0, 1) * 65534 + 1;
    out[i] =
        is_there ? static_cast<std::uint16_t>(std::nearbyint(word)) : std::uint16_t{0};
  }
}

void stretch(const Image& in, std::size_t band, Range range,
             std::span<std::uint8_t> out) {
  stretch_as<in_two_steps>(in, band, range, out);
}

void stretch_once(const Image& in, std::size_t band, Range range,
                  std::span<std::uint8_t> out) {
  stretch_as<in_one_step>(in, band, range, out);
}

std::uint8_t stretch_once(double value, Range range) {
  Piece values{value};
  PieceOf<std::uint8_t> bytes;
  apply_plainly(in_one_step(range), values, bytes.data());
  return bytes[0];
}

}  // namespace terrazzo::raster
