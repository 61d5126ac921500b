#pragma once
// The two general compressions that several encoders use.

#include <cstddef>
#include <span>
#include <vector>

namespace terrazzo::io {

std::vector<std::byte> compress_zlib(std::span<const std::byte> from,
                                     int level);  // 1..12
std::vector<std::byte> compress_zstd(std::span<const std::byte> from,
                                     int level);  // 1..22

}  // namespace terrazzo::io
