// LZW: TIFF 6.0, section 13. Files of before 1990 have the other order of bits and widen
// their codes one code later; libtiff tells them by their first code, and so does this.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"
#include "terrazzo/io/fill_order.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::uint16_t, 1> numbers{5};

constexpr unsigned clear_code = 256;
constexpr unsigned end_code = 257;
constexpr unsigned first_free = 258;
constexpr unsigned least_width = 9;
constexpr unsigned most_width = 12;
constexpr unsigned table_size = 1U << most_width;

std::uint64_t load(const std::byte* at, std::endian order) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return order == std::endian::native ? word : __builtin_bswap64(word);
}

// Codes whose first bit is the highest of a byte.
class ModernCodes {
 public:
  static constexpr unsigned early = 1;  // codes widen when one value is left

  explicit ModernCodes(std::span<const std::byte> from) : from_(from) {}

  // The end code if the bytes are used up.
  unsigned next(unsigned width) {
    if (held_ < width) fill();
    if (held_ < width) return end_code;
    const auto code = static_cast<unsigned>(bits_ >> (64 - width));
    bits_ <<= width;
    held_ -= width;
    return code;
  }

 private:
  void fill() {
    if (from_.size() - read_ >= 8) {
      bits_ |= load(&from_[read_], std::endian::big) >> held_;
      const unsigned bytes = (63 - held_) / 8;
      read_ += bytes;
      held_ += bytes * 8;
      return;
    }
    for (; held_ <= 56 && read_ < from_.size(); held_ += 8)
      bits_ |= std::to_integer<std::uint64_t>(from_[read_++]) << (56 - held_);
  }

  std::span<const std::byte> from_;
  std::size_t read_ = 0;
  std::uint64_t bits_ = 0;  // the next one on top
  unsigned held_ = 0;
};

// Codes whose first bit is the lowest of a byte.
class OldCodes {
 public:
  static constexpr unsigned early = 0;

  explicit OldCodes(std::span<const std::byte> from) : from_(from) {}

  unsigned next(unsigned width) {
    for (; held_ < width && read_ < from_.size(); held_ += 8)
      bits_ |= std::to_integer<unsigned>(from_[read_++]) << held_;
    if (held_ < width) return end_code;
    const unsigned code = bits_ & ((1U << width) - 1);
    bits_ >>= width;
    held_ -= width;
    return code;
  }

 private:
  std::span<const std::byte> from_;
  std::size_t read_ = 0;
  unsigned bits_ = 0;
  unsigned held_ = 0;
};

// A string of the table is a stretch of what was given out: the string of the code
// before, and the byte after it.
struct Stretch {
  std::uint32_t begin;
  std::uint32_t size;
};

// Strings may overlap what they are copied to.
void copy_within(std::byte* to, const std::byte* from, std::size_t size,
                 std::size_t room) {
  if (size <= 8 && room >= 8 && to - from >= 8) {
    std::memcpy(to, from, 8);
    return;
  }
  if (static_cast<std::size_t>(to - from) >= size) {
    std::memcpy(to, from, size);
    return;
  }
  for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
}

// Returns how many bytes were given out.
template <class Codes>
std::size_t expand(Codes codes, std::span<std::byte> to) {
  std::array<Stretch, table_size> table;
  unsigned free = first_free;
  unsigned width = least_width;
  unsigned widen_at = (1U << width) - Codes::early;
  Stretch last{0, 0};
  std::size_t given = 0;
  while (given < to.size()) {
    const unsigned code = codes.next(width);
    if (code == end_code) break;
    if (code == clear_code) {
      free = first_free;
      width = least_width;
      widen_at = (1U << width) - Codes::early;
      last.size = 0;
      continue;
    }
    if (last.size > 0 && free < table_size) {
      table[free++] = {last.begin, last.size + 1};
      if (free == widen_at && width < most_width) {
        ++width;
        widen_at = (1U << width) - Codes::early;
      }
    }
    const auto begin = static_cast<std::uint32_t>(given);
    if (code < clear_code) {
      to[given++] = static_cast<std::byte>(code);
      last = {begin, 1};
      continue;
    }
    if (code >= free)
      throw failure(ErrorKind::corrupt_data,
                    "an LZW block breaks after {} of {} bytes: code {} is not below {}",
                    given, to.size(), code, free);
    const Stretch string = table[code];
    const std::size_t room = to.size() - given;
    const std::size_t size = std::min<std::size_t>(string.size, room);
    copy_within(&to[given], &to[string.begin], size, room);
    given += size;
    last = {begin, string.size};
  }
  return given;
}

bool is_old(std::span<const std::byte> from) {
  return from.size() >= 2 && from[0] == std::byte{0} &&
         (from[1] & std::byte{1}) != std::byte{0};
}

void decode(std::span<const std::byte> from, std::span<std::byte> to,
            const BlockShape& shape) {
  if (to.size() > std::numeric_limits<std::uint32_t>::max())
    throw failure(ErrorKind::unsupported,
                  "an LZW block of {} bytes is too large; less than 4 GiB is fine",
                  to.size());
  const OrderedBits data(from, shape.fill_order);
  const std::size_t given = is_old(data.bytes()) ? expand(OldCodes(data.bytes()), to)
                                                 : expand(ModernCodes(data.bytes()), to);
  if (given < to.size())
    throw failure(ErrorKind::corrupt_data, "an LZW block gives {} of {} bytes", given,
                  to.size());
}

}  // namespace

extern const CodecKind codec_lzw;
const CodecKind codec_lzw{"LZW", numbers, false, true, decode};

}  // namespace terrazzo::io
