#pragma once
// Sums along a row: what undoes TIFF's horizontal predictor.

#include <cstddef>
#include <span>

namespace terrazzo::io {

// Adds to each whole number the one `samples` before it, from the left to the right, in
// this machine's byte order; sums wrap around.
//
//   row    pixels of `samples` numbers, each of `bytes` bytes: 1, 2, 4 or 8
void add_up(std::span<std::byte> row, std::size_t bytes, std::size_t samples);

// The same, one by one. Tests hold add_up() against it.
void add_up_plainly(std::span<std::byte> row, std::size_t bytes, std::size_t samples);

}  // namespace terrazzo::io
