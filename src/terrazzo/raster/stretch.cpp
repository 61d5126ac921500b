#include "terrazzo/raster/stretch.hpp"

#include <array>
#include <bit>
#include <cassert>
#include <cmath>
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

// 0..2^31 to the nearest integer, half to even; adding 1.5 * 2^52 leaves it in the lowest
// bits of the sum. NaN to 0.
std::uint8_t rounded(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 6755399441055744.0);
  return value == value ? static_cast<std::uint8_t>(bits) : std::uint8_t{0};
}

// A value to 1..255, not yet rounded, by way of 0..1; NaN for what is not finite.
struct TwoSteps {
  double low;
  double factor;

  explicit TwoSteps(Range range) : low(range.low), factor(factor_of(range, 1)) {}
  double operator()(double value) const {
    return clip((value - low) * factor, 0, 1) * 254 + 1 + poison(value);
  }
};

// The same without going by 0..1.
struct OneStep {
  double low;
  double factor;

  explicit OneStep(Range range) : low(range.low), factor(factor_of(range, 254)) {}
  double operator()(double value) const {
    return clip((value - low) * factor + 1, 1, 255) + poison(value);
  }
};

template <class T, class Scale>
void by_arithmetic(std::span<const T> values, std::span<const std::uint8_t> valid,
                   Scale scale, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint8_t byte = rounded(scale(static_cast<double>(values[i])));
    out[i] = valid[i] ? byte : std::uint8_t{0};
  }
}

template <class T, class Scale>
void fill_table(Scale scale, std::span<std::uint8_t> table) {
  using Index = std::make_unsigned_t<T>;
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = rounded(scale(static_cast<double>(static_cast<T>(static_cast<Index>(i)))));
}

template <class T>
void by_table(std::span<const T> values, std::span<const std::uint8_t> valid,
              std::span<const std::uint8_t> table, std::span<std::uint8_t> out) {
  using Index = std::make_unsigned_t<T>;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint8_t byte = table[static_cast<Index>(values[i])];
    out[i] = valid[i] ? byte : std::uint8_t{0};
  }
}

// The tables a thread used last: tiles of one layer share their stretch, and an RGB tile
// has three. Filling one costs as much as the arithmetic for 65 536 pixels.
template <class T, class Scale>
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
    fill_table<T>(Scale(range), table.bytes);
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

template <class Scale, class T>
void stretch_values(std::span<const T> values, std::span<const std::uint8_t> valid,
                    Range range, std::span<std::uint8_t> out) {
  if constexpr (sizeof(T) == 1) {
    std::array<std::uint8_t, 256> table;
    if (values.size() > table.size()) {
      fill_table<T>(Scale(range), table);
      return by_table<T>(values, valid, table, out);
    }
  } else if constexpr (sizeof(T) == 2) {
    thread_local Tables<T, Scale> tables;
    const auto table = tables.find(range, values.size());
    if (!table.empty()) return by_table<T>(values, valid, table, out);
  }
  by_arithmetic<T>(values, valid, Scale(range), out);
}

template <class Scale>
void stretch_as(const Image& in, std::size_t band, Range range,
                std::span<std::uint8_t> out) {
  assert(band < in.bands() && out.size() == in.pixels());
  with_type(in.type(), [&]<class T>(T) {
    stretch_values<Scale, T>(in.values<T>(band), in.valid(), range, out);
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
  by_arithmetic(scaled, valid, TwoSteps({0, 1}), out);
}

void stretch(const Image& in, std::size_t band, Range range,
             std::span<std::uint8_t> out) {
  stretch_as<TwoSteps>(in, band, range, out);
}

void stretch_once(const Image& in, std::size_t band, Range range,
                  std::span<std::uint8_t> out) {
  stretch_as<OneStep>(in, band, range, out);
}

std::uint8_t stretch_once(double value, Range range) {
  return rounded(OneStep(range)(value));
}

}  // namespace terrazzo::raster
