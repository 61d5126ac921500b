#include <array>
#include <cstring>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"
#include "terrazzo/io/fill_order.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::uint16_t, 1> numbers{1};

void decode(std::span<const std::byte> from, std::span<std::byte> to,
            const BlockShape& shape) {
  if (from.size() < to.size())
    throw failure(ErrorKind::corrupt_data, "an uncompressed block has {} of {} bytes",
                  from.size(), to.size());
  const OrderedBits data(from.first(to.size()), shape.fill_order);
  if (!to.empty()) std::memcpy(to.data(), data.bytes().data(), to.size());
}

}  // namespace

extern const CodecKind codec_none;
const CodecKind codec_none{"NONE", numbers, false, false, decode};

}  // namespace terrazzo::io
