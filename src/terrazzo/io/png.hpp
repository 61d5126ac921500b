#pragma once
// PNG pictures on libdeflate, in the forms that map clients get.

#include <cstdint>
#include <span>
#include <string>

#include "terrazzo/data/color.hpp"

namespace terrazzo::io {

// All: rows x cols pixels, row by row; level 0..9 of deflate. Throw invalid_input: the
// span has another size, or a side is 0 or over 2^24, or the level is another;
// too_large: the PNG would pass 2^31 bytes. Each thread keeps its compressors and up to
// 2 MiB to work in.

// 8-bit grey; byte 0 is transparent (tRNS).
std::string png_grey(std::span<const std::uint8_t> bytes, std::size_t rows,
                     std::size_t cols, int level);
// 8-bit palette of up to 256 colours with their alpha (PLTE, tRNS): as many entries as
// are given. Throws invalid_input: a pixel is not in the palette.
std::string png_palette(std::span<const std::uint8_t> indices, std::size_t rows,
                        std::size_t cols, std::span<const Color> palette, int level);
// 8-bit truecolour from three bands; black (0, 0, 0) is transparent (tRNS).
std::string png_rgb(std::span<const std::uint8_t> red,
                    std::span<const std::uint8_t> green,
                    std::span<const std::uint8_t> blue, std::size_t rows,
                    std::size_t cols, int level);
// As png_grey and png_rgb with samples of 16 bits.
std::string png_grey16(std::span<const std::uint16_t> words, std::size_t rows,
                       std::size_t cols, int level);
std::string png_rgb16(std::span<const std::uint16_t> red,
                      std::span<const std::uint16_t> green,
                      std::span<const std::uint16_t> blue, std::size_t rows,
                      std::size_t cols, int level);
// All transparent: a 1-bit palette with one black entry. 256 x 256 is kept.
// Throws too_large: more than 2^30 pixels.
std::string png_empty(std::size_t rows, std::size_t cols);

}  // namespace terrazzo::io
