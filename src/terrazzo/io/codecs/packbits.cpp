// PackBits: TIFF 6.0, section 9.
#include <algorithm>
#include <array>
#include <cstring>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"
#include "terrazzo/io/fill_order.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::uint16_t, 1> numbers{32773};
constexpr std::size_t nothing = 128;

std::size_t unpack(std::span<const std::byte> from, std::span<std::byte> to) {
  std::size_t read = 0;
  std::size_t given = 0;
  while (given < to.size() && read < from.size()) {
    const auto head = std::to_integer<std::size_t>(from[read++]);
    const std::size_t room = to.size() - given;
    const std::size_t left = from.size() - read;
    if (head < nothing) {
      const std::size_t size = std::min({head + 1, left, room});
      if (size > 0) std::memcpy(&to[given], &from[read], size);
      read += size;
      given += size;
    } else if (head > nothing && left > 0) {
      const std::size_t size = std::min(257 - head, room);
      std::fill_n(&to[given], size, from[read++]);
      given += size;
    }
  }
  return given;
}

void decode(std::span<const std::byte> from, std::span<std::byte> to,
            const BlockShape& shape) {
  const OrderedBits data(from, shape.fill_order);
  const std::size_t given = unpack(data.bytes(), to);
  if (given < to.size())
    throw failure(ErrorKind::corrupt_data, "a PACKBITS block gives {} of {} bytes", given,
                  to.size());
}

}  // namespace

extern const CodecKind codec_packbits;
const CodecKind codec_packbits{"PACKBITS", numbers, false, false, decode};

}  // namespace terrazzo::io
