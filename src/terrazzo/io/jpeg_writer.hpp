#pragma once
// JPEG streams, written by libjpeg.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace terrazzo::io {

enum class JpegColors : std::uint8_t {
  grey,
  rgb,     // stored as YCbCr 4:2:0
  unknown  // any samples, as they are
};

// How rows x cols pixels of `samples` bytes each are to be written.
struct JpegShape {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t samples = 1;
  JpegColors colors = JpegColors::grey;
  int quality = 75;  // 1..100
};

// All throw internal: libjpeg refuses, with its reason. pixels: row by row.

// A file by itself.
std::string jpeg_file(const JpegShape& shape, std::span<const std::uint8_t> pixels);

// A block of a TIFF (technical note 2): without quantization tables, which all blocks of
// the shape share, with Huffman tables made for it.
std::vector<std::byte> jpeg_block(const JpegShape& shape,
                                  std::span<const std::byte> pixels);
// Those quantization tables (TIFF tag 347).
std::vector<std::byte> jpeg_tables(const JpegShape& shape);

}  // namespace terrazzo::io
