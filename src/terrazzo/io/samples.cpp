#include "terrazzo/io/samples.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/predictor.hpp"

namespace terrazzo::io {
namespace {

constexpr bool is_little = std::endian::native == std::endian::little;

std::uint16_t swap(std::uint16_t value) { return __builtin_bswap16(value); }
std::uint32_t swap(std::uint32_t value) { return __builtin_bswap32(value); }
std::uint64_t swap(std::uint64_t value) { return __builtin_bswap64(value); }

template <class T>
void swap_all(std::span<std::byte> block) {
  for (std::size_t at = 0; at + sizeof(T) <= block.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, &block[at], sizeof value);
    value = swap(value);
    std::memcpy(&block[at], &value, sizeof value);
  }
}

void swap_bytes(std::span<std::byte> block, int bits) {
  switch (bits) {
    case 16:
      return swap_all<std::uint16_t>(block);
    case 24:
      for (std::size_t at = 0; at + 3 <= block.size(); at += 3)
        std::swap(block[at], block[at + 2]);
      return;
    case 32:
      return swap_all<std::uint32_t>(block);
    case 64:
      return swap_all<std::uint64_t>(block);
    default:
      return;
  }
}

void undo_horizontal(std::span<std::byte> block, const BlockShape& shape, bool swapped) {
  if (shape.bits != 8 && shape.bits != 16 && shape.bits != 32 && shape.bits != 64)
    throw failure(
        ErrorKind::unsupported,
        "predictor 2 cannot be undone for samples of {} bits; it can for 8, 16, "
        "32 and 64",
        shape.bits);
  if (swapped) swap_bytes(block, shape.bits);
  const auto bytes = static_cast<std::size_t>(shape.bits) / 8;
  const std::size_t row_bytes = shape.row_bytes();
  for (std::size_t row = 0; row < shape.rows; ++row)
    add_up(block.subspan(row * row_bytes, row_bytes), bytes, shape.samples);
}

// planes: the highest bytes of all numbers, then the next ones.
template <std::size_t bytes>
void join_planes(std::span<const std::byte> planes, std::span<std::byte> row) {
  const std::size_t count = planes.size() / bytes;
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t plane = 0; plane < bytes; ++plane)
      row[i * bytes + (is_little ? bytes - 1 - plane : plane)] =
          planes[plane * count + i];
}

void join_planes(std::span<const std::byte> planes, std::span<std::byte> row, int bits) {
  switch (bits) {
    case 16:
      return join_planes<2>(planes, row);
    case 24:
      return join_planes<3>(planes, row);
    case 32:
      return join_planes<4>(planes, row);
    default:
      return join_planes<8>(planes, row);
  }
}

// Adobe's technical note 3. Its planes have an order of their own: that of the file does
// not matter.
void undo_floating(std::span<std::byte> block, const BlockShape& shape) {
  const bool is_float = shape.format == SampleFormat::floating;
  if (!is_float ||
      (shape.bits != 16 && shape.bits != 24 && shape.bits != 32 && shape.bits != 64))
    throw failure(ErrorKind::unsupported,
                  "predictor 3 cannot be undone for {} of {} bits; it can for floats of "
                  "16, 24, 32 and 64",
                  is_float ? "floats" : "whole numbers", shape.bits);
  const std::size_t row_bytes = shape.row_bytes();
  std::vector<std::byte> planes(row_bytes);
  for (std::size_t at = 0; at < shape.bytes(); at += row_bytes) {
    const std::span<std::byte> row = block.subspan(at, row_bytes);
    std::copy(row.begin(), row.end(), planes.begin());
    add_up(planes, 1, shape.samples);
    join_planes(planes, row, shape.bits);
  }
}

// Numbers of which a whole number fits a byte.
template <unsigned bits, class T>
void unpack_bytes(std::span<const std::byte> row, std::span<T> to) {
  constexpr unsigned in_a_byte = 8 / bits;
  constexpr unsigned mask = (1U << bits) - 1;
  const std::size_t whole = to.size() / in_a_byte;
  for (std::size_t i = 0; i < whole; ++i) {
    const auto byte = std::to_integer<unsigned>(row[i]);
    for (unsigned k = 0; k < in_a_byte; ++k)
      to[i * in_a_byte + k] = static_cast<T>(byte >> (8 - bits - k * bits) & mask);
  }
  for (std::size_t i = whole * in_a_byte; i < to.size(); ++i) {
    const auto k = static_cast<unsigned>(i - whole * in_a_byte);
    to[i] = static_cast<T>(
        std::to_integer<unsigned>(row[whole]) >> (8 - bits - k * bits) & mask);
  }
}

template <class T>
void unpack_bits(std::span<const std::byte> row, unsigned bits, std::span<T> to) {
  const std::uint32_t mask = (1U << bits) - 1;
  std::uint32_t held = 0;  // the last `count` bits read
  unsigned count = 0;
  std::size_t read = 0;
  for (T& value : to) {
    for (; count < bits; count += 8)
      held = held << 8 | std::to_integer<std::uint32_t>(row[read++]);
    count -= bits;
    value = static_cast<T>(held >> count & mask);
  }
}

template <class T>
void unpack_all(std::span<const std::byte> block, const BlockShape& shape,
                std::span<T> to) {
  if (shape.bits < 1 || shape.bits >= std::numeric_limits<T>::digits)
    throw failure(ErrorKind::unsupported,
                  "numbers of {} bits cannot be unpacked; 1 to {} can", shape.bits,
                  std::numeric_limits<T>::digits - 1);
  const std::size_t row_bytes = shape.row_bytes();
  const std::size_t numbers = shape.cols * shape.samples;
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const auto from = block.subspan(row * row_bytes, row_bytes);
    const auto out = to.subspan(row * numbers, numbers);
    if (shape.bits == 1)
      unpack_bytes<1>(from, out);
    else if (shape.bits == 2)
      unpack_bytes<2>(from, out);
    else if (shape.bits == 4)
      unpack_bytes<4>(from, out);
    else
      unpack_bits(from, static_cast<unsigned>(shape.bits), out);
  }
}

template <unsigned exponent_bits, unsigned fraction_bits>
float widened(std::uint32_t bits) {
  constexpr std::uint32_t top = (1U << exponent_bits) - 1;
  constexpr std::uint32_t bias = top / 2;
  const std::uint32_t sign = bits >> (exponent_bits + fraction_bits) << 31;
  const std::uint32_t exponent = bits >> fraction_bits & top;
  const std::uint32_t fraction = bits & ((1U << fraction_bits) - 1);
  if (exponent == 0) {  // 0, or too small to have a leading one
    constexpr float unit = std::bit_cast<float>((127 + 1 - bias - fraction_bits) << 23);
    const float size = static_cast<float>(fraction) * unit;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(size) | sign);
  }
  const std::uint32_t wide = exponent == top ? 255 : exponent + 127 - bias;
  return std::bit_cast<float>(sign | wide << 23 | fraction << (23 - fraction_bits));
}

}  // namespace

void restore_samples(std::span<std::byte> block, const BlockShape& shape,
                     Predictor predictor, bool swapped) {
  switch (predictor) {
    case Predictor::none:
      if (swapped) swap_bytes(block, shape.bits);
      return;
    case Predictor::horizontal:
      return undo_horizontal(block, shape, swapped);
    case Predictor::floating:
      return undo_floating(block, shape);
  }
  throw failure(ErrorKind::unsupported, "there is no predictor {}; there are 1 to 3",
                static_cast<unsigned>(predictor));
}

void unpack(std::span<const std::byte> block, const BlockShape& shape,
            std::span<std::uint8_t> to) {
  unpack_all(block, shape, to);
}

void unpack(std::span<const std::byte> block, const BlockShape& shape,
            std::span<std::uint16_t> to) {
  unpack_all(block, shape, to);
}

void widen(std::span<const std::byte> block, const BlockShape& shape,
           std::span<float> to) {
  if (shape.bits != 16 && shape.bits != 24)
    throw failure(ErrorKind::unsupported,
                  "floats of {} bits cannot be widened; 16 and 24 can", shape.bits);
  const std::size_t bytes = static_cast<std::size_t>(shape.bits) / 8;
  for (std::size_t i = 0; i < to.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < bytes; ++k)
      bits = bits << 8 | std::to_integer<std::uint32_t>(
                             block[i * bytes + (is_little ? bytes - 1 - k : k)]);
    to[i] = bytes == 2 ? widened<5, 10>(bits) : widened<7, 16>(bits);
  }
}

namespace {

template <class T>
void copy_elements(const std::byte* from, std::size_t from_step, std::byte* to,
                   std::size_t to_step, std::size_t count) {
  const auto* in = reinterpret_cast<const T*>(from);
  auto* out = reinterpret_cast<T*>(to);
  if (to_step == 1) {
    for (std::size_t i = 0; i < count; ++i) out[i] = in[i * from_step];
    return;
  }
  for (std::size_t i = 0; i < count; ++i) out[i * to_step] = in[i * from_step];
}

}  // namespace

void copy_sample(const std::byte* from, std::size_t from_step, std::byte* to,
                 std::size_t to_step, std::size_t count, std::size_t size) {
  if (from_step == 1 && to_step == 1) {
    std::memcpy(to, from, count * size);
    return;
  }
  const auto as = [&]<class T>(T) {
    copy_elements<T>(from, from_step, to, to_step, count);
  };
  if (size == 1) return as(std::uint8_t{});
  if (size == 2) return as(std::uint16_t{});
  if (size == 4) return as(std::uint32_t{});
  as(std::uint64_t{});
}

}  // namespace terrazzo::io
