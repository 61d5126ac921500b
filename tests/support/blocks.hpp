#pragma once
// Blocks of TIFFs for tests: how they are encoded, decoded and damaged.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"

namespace terrazzo::test {

using Bytes = std::vector<std::byte>;
using View = std::span<const std::byte>;

inline Bytes bytes(std::initializer_list<int> values) {
  Bytes result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

inline Bytes noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes result(size);
  for (std::byte& b : result) b = static_cast<std::byte>(random() & 0xff);
  return result;
}

// Runs, ramps and some noise: what compresses well, but not all of it.
inline Bytes terrain(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  Bytes result(size);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t value = i / 512 % 3 == 0 ? 7 : i / 512 % 3 == 1 ? i / 4 : random();
    result[i] = static_cast<std::byte>(value & 0xff);
  }
  return result;
}

// One row of bytes.
inline io::BlockShape row_of(std::size_t size) { return {.rows = 1, .cols = size}; }

inline Bytes decoded(std::uint16_t number, View from, const io::BlockShape& shape) {
  const io::CodecKind* codec = io::find_codec(number);
  REQUIRE(codec != nullptr);
  Bytes to(shape.bytes());
  codec->decode(from, to, shape);
  return to;
}

// What decoding throws; nothing if it does not.
inline std::optional<ErrorKind> refusal(std::uint16_t number, View from,
                                        const io::BlockShape& shape) {
  try {
    (void)decoded(number, from, shape);
    return std::nullopt;
  } catch (const Error& e) {
    return e.kind();
  }
}

inline bool is_corrupt(std::uint16_t number, View from, const io::BlockShape& shape) {
  return refusal(number, from, shape) == ErrorKind::corrupt_data;
}

// Decodes what nobody wrote: noise, and `good` with bits flipped or its end cut off. All
// of it must end, and if by an error, by one that blames the data.
inline void check_damage(std::uint16_t number, const Bytes& good,
                         const io::BlockShape& shape, unsigned times = 200) {
  std::mt19937 random(number);
  const auto check = [&](View from) {
    const auto kind = refusal(number, from, shape);
    CHECK((!kind || *kind == ErrorKind::corrupt_data || *kind == ErrorKind::unsupported));
  };
  check({});
  for (unsigned i = 0; i < times; ++i) {
    check(noise(random() % 300, i));
    Bytes flipped = good;
    for (unsigned k = 0; k <= i % 4; ++k)
      flipped[random() % good.size()] ^= static_cast<std::byte>(1U << random() % 8);
    check(flipped);
    check(View(good).first(random() % good.size()));
  }
}

// Which of the two ways that TIFFs have.
enum class LzwStyle { modern, old };

// Codes as a stream of bits.
class CodeWriter {
 public:
  explicit CodeWriter(LzwStyle style) : style_(style) {}

  void put(unsigned code, unsigned width) {
    for (unsigned i = 0; i < width; ++i) {
      const unsigned bit = code >> (style_ == LzwStyle::modern ? width - 1 - i : i) & 1U;
      if (used_ % 8 == 0) bytes_.push_back(std::byte{0});
      const unsigned at = used_++ % 8;
      bytes_.back() |=
          static_cast<std::byte>(bit << (style_ == LzwStyle::modern ? 7 - at : at));
    }
  }

  Bytes take() { return std::move(bytes_); }

 private:
  LzwStyle style_;
  Bytes bytes_;
  unsigned used_ = 0;
};

// clears: whether a full table is begun anew; else its codes are used to the end.
inline Bytes lzw(View data, LzwStyle style = LzwStyle::modern, bool clears = true) {
  CodeWriter out(style);
  std::map<std::pair<unsigned, unsigned>, unsigned> table;
  unsigned free = 258;
  unsigned width = 9;
  // The reader's table is one string behind.
  const auto widen = [&] {
    const unsigned early = style == LzwStyle::modern ? 1 : 0;
    if (free - 1 == (1U << width) - early && width < 12) ++width;
  };
  out.put(256, width);
  std::optional<unsigned> prefix;
  for (const std::byte b : data) {
    const auto value = std::to_integer<unsigned>(b);
    const auto known = prefix ? table.find({*prefix, value}) : table.end();
    if (!prefix || known != table.end()) {
      prefix = prefix ? known->second : value;
      continue;
    }
    out.put(*prefix, width);
    if (free < 4096) table[{*prefix, value}] = free++;
    widen();
    prefix = value;
    if (clears && free == 4095) {
      out.put(256, width);
      table.clear();
      free = 258;
      width = 9;
    }
  }
  if (prefix) out.put(*prefix, width);
  ++free;
  widen();
  out.put(257, width);
  return out.take();
}

}  // namespace terrazzo::test
