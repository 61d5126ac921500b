#pragma once
// From the bytes that a codec gives out to the samples of a block.

#include <cstddef>
#include <cstdint>
#include <span>

#include "terrazzo/io/codec.hpp"

namespace terrazzo::io {

// TIFF tag 317.
enum class Predictor : std::uint16_t { none = 1, horizontal = 2, floating = 3 };

// Makes `block`, which has shape.bytes() bytes, hold its samples in this machine's byte
// order and without the predictor. Samples of other than 8, 16, 24, 32 or 64 bits have no
// byte order and stay packed.
//
//   swapped   the file's byte order is not this machine's
//
// Throws  unsupported: there is no such predictor, or not for such samples.
void restore_samples(std::span<std::byte> block, const BlockShape& shape,
                     Predictor predictor, bool swapped);

// Unpack rows x cols x samples whole numbers, as restore_samples() leaves them: their
// bits follow each other from the highest of the row's first byte on. They come out
// unsigned, whatever shape.format, as GDAL has them.
//
// Throws  unsupported: shape.bits is not 1 to 7 (to bytes) or 1 to 15.
void unpack(std::span<const std::byte> block, const BlockShape& shape,
            std::span<std::uint8_t> to);
void unpack(std::span<const std::byte> block, const BlockShape& shape,
            std::span<std::uint16_t> to);

// Widens rows x cols x samples floats of 16 or 24 bits, as restore_samples() leaves them,
// exactly. 24 bits: a sign, 7 of exponent, 16 of fraction.
//
// Throws  unsupported: shape.bits is another.
void widen(std::span<const std::byte> block, const BlockShape& shape,
           std::span<float> to);

// One sample of `count` pixels, each element of `size` bytes (1, 2, 4 or 8); from one
// pixel to the next it is as many elements as the steps say.
void copy_sample(const std::byte* from, std::size_t from_step, std::byte* to,
                 std::size_t to_step, std::size_t count, std::size_t size);

}  // namespace terrazzo::io
