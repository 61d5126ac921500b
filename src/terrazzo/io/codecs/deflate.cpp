#include <array>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/codec.hpp"
#include "terrazzo/io/decompress.hpp"
#include "terrazzo/io/fill_order.hpp"

namespace terrazzo::io {
namespace {

constexpr std::array<std::uint16_t, 2> numbers{8, 32946};  // Adobe's, PKZIP's

void decode(std::span<const std::byte> from, std::span<std::byte> to,
            const BlockShape& shape) {
  const OrderedBits data(from, shape.fill_order);
  const std::size_t given = decompress_zlib(data.bytes(), to);
  if (given < to.size())
    throw failure(ErrorKind::corrupt_data, "a DEFLATE block gives {} of {} bytes", given,
                  to.size());
}

}  // namespace

extern const CodecKind codec_deflate;
const CodecKind codec_deflate{"DEFLATE", numbers, false, true, decode};

}  // namespace terrazzo::io
