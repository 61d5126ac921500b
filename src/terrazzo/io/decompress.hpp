#pragma once
// The two general compressions that several codecs use.

#include <cstddef>
#include <span>

namespace terrazzo::io {

// Fill `to` from its begin, pass over what the stream holds beyond it, and return how
// many bytes were written: fewer than `to` has if the stream is shorter.
//
// Throw  corrupt_data: the stream breaks before `to` is full; a zlib stream's checksum,
//        if it comes soon after, does not hold.
// Cost   bounded by the two sizes, whatever the stream claims.
std::size_t decompress_zlib(std::span<const std::byte> from, std::span<std::byte> to);
std::size_t decompress_zstd(std::span<const std::byte> from, std::span<std::byte> to);

}  // namespace terrazzo::io
