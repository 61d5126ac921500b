#include "terrazzo/io/prediction.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {
namespace {

// Numbers less the one `samples` before them; differences wrap around.
template <class T>
void subtract(const std::byte* from, std::byte* to, std::size_t count,
              std::size_t samples) {
  const auto* in = reinterpret_cast<const T*>(from);
  auto* out = reinterpret_cast<T*>(to);
  std::copy_n(in, samples, out);
  for (std::size_t i = samples; i < count; ++i)
    out[i] = static_cast<T>(in[i] - in[i - samples]);
}

void subtract_row(const std::byte* from, std::byte* to, std::size_t bytes,
                  std::size_t count, std::size_t samples) {
  switch (bytes) {
    case 1:
      return subtract<std::uint8_t>(from, to, count, samples);
    case 2:
      return subtract<std::uint16_t>(from, to, count, samples);
    case 4:
      return subtract<std::uint32_t>(from, to, count, samples);
    default:
      return subtract<std::uint64_t>(from, to, count, samples);
  }
}

// The highest bytes of all numbers, then the next ones.
template <class T>
void split_planes(const std::byte* row, std::size_t count, std::byte* planes) {
  const auto* in = reinterpret_cast<const T*>(row);
  auto* out = reinterpret_cast<std::uint8_t*>(planes);
  for (std::size_t plane = 0; plane < sizeof(T); ++plane) {
    const auto shift = 8 * (sizeof(T) - 1 - plane);
    for (std::size_t i = 0; i < count; ++i)
      out[plane * count + i] = static_cast<std::uint8_t>(in[i] >> shift);
  }
}

void split_planes(const std::byte* row, std::size_t bytes, std::size_t count,
                  std::byte* planes) {
  if (bytes == 2) return split_planes<std::uint16_t>(row, count, planes);
  if (bytes == 4) return split_planes<std::uint32_t>(row, count, planes);
  split_planes<std::uint64_t>(row, count, planes);
}

}  // namespace

void predict_samples(std::span<const std::byte> block, const BlockShape& shape,
                     Predictor predictor, std::span<std::byte> to) {
  if (predictor == Predictor::none) {
    std::ranges::copy(block, to.begin());
    return;
  }
  const bool floats = shape.format == SampleFormat::floating;
  if (shape.bits % 8 != 0 || shape.bits > 64 ||
      (predictor == Predictor::floating && !floats))
    throw failure(ErrorKind::unsupported,
                  "there is no predictor {} for samples of {} bits",
                  static_cast<int>(predictor), shape.bits);
  const auto bytes = static_cast<std::size_t>(shape.bits) / 8;
  const std::size_t row_bytes = shape.row_bytes();
  const std::size_t count = shape.cols * shape.samples;
  std::vector<std::byte> planes(predictor == Predictor::floating ? row_bytes : 0);
  for (std::size_t at = 0; at < shape.bytes(); at += row_bytes) {
    if (planes.empty()) {
      subtract_row(&block[at], &to[at], bytes, count, shape.samples);
    } else {
      split_planes(&block[at], bytes, count, planes.data());
      subtract_row(planes.data(), &to[at], 1, row_bytes, shape.samples);
    }
  }
}

}  // namespace terrazzo::io
