#include "terrazzo/io/png.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <libdeflate.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_side = std::size_t{1} << 24;
constexpr std::size_t most_empty_pixels = std::size_t{1} << 30;
constexpr std::size_t most_chunk = (std::size_t{1} << 31) - 1;  // PNG 1.2, 3.2
constexpr int most_level = 9;

enum ColorType : std::uint8_t { grey = 0, truecolour = 2, palette_index = 3 };

struct Form {
  std::size_t rows;
  std::size_t cols;
  std::uint8_t depth;
  ColorType color_type;
};

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const {
    libdeflate_free_compressor(compressor);
  }
};

// The thread's own; making one costs as much as a small tile.
libdeflate_compressor* compressor_of(int level) {
  thread_local std::array<std::unique_ptr<libdeflate_compressor, FreeCompressor>,
                          most_level + 1>
      kept;
  auto& compressor = kept[static_cast<std::size_t>(level)];
  if (!compressor) compressor.reset(libdeflate_alloc_compressor(level));
  if (!compressor) throw failure(ErrorKind::internal, "no memory for a PNG compressor");
  return compressor.get();
}

void put_number(char* at, std::size_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    *at++ = static_cast<char>(number >> shift & 0xff);
}

// Of the type and the data of a chunk.
std::uint32_t checksum(std::string_view bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size());
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 4> bytes;
  put_number(bytes.data(), number);
  out.append(bytes.data(), bytes.size());
}

void append_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_number(out, data.size());
  const std::size_t begin = out.size();
  out.append(type).append(data);
  append_number(out, checksum(std::string_view(out).substr(begin)));
}

// Bytes to work in, of no certain content: the thread's own if a few tiles need no more,
// else new ones.
class Scratch {
 public:
  Scratch(std::vector<std::uint8_t>& kept, std::size_t size) {
    std::vector<std::uint8_t>& bytes = size <= most_kept ? kept : own_;
    if (bytes.size() < size) bytes.resize(size);
    bytes_ = {bytes.data(), size};
  }
  std::span<std::uint8_t> bytes() const noexcept { return bytes_; }

 private:
  static constexpr std::size_t most_kept = std::size_t{1} << 20;
  std::vector<std::uint8_t> own_;
  std::span<std::uint8_t> bytes_;
};

// The thread's own buffers.
struct Kept {
  std::vector<std::uint8_t> lines;
  std::vector<std::uint8_t> packed;
};

Kept& kept() {
  thread_local Kept buffers;
  return buffers;
}

// lines: rows x (filter type + bytes of a row)
std::size_t compress(std::span<const std::uint8_t> lines, std::span<std::uint8_t> out,
                     int level) {
  const std::size_t size = libdeflate_zlib_compress(compressor_of(level), lines.data(),
                                                    lines.size(), out.data(), out.size());
  if (size > most_chunk)
    throw failure(ErrorKind::too_large,
                  "a PNG of {} bytes is too large; up to {} are fine", size, most_chunk);
  return size;
}

std::string png(const Form& form, std::string_view palette, std::string_view transparency,
                std::span<const std::uint8_t> lines, int level) {
  constexpr std::size_t chunks = 128;  // bytes of what is around the data
  const Scratch packed(
      kept().packed, libdeflate_zlib_compress_bound(compressor_of(level), lines.size()));
  const std::string_view data{reinterpret_cast<const char*>(packed.bytes().data()),
                              compress(lines, packed.bytes(), level)};
  std::string out("\x89PNG\r\n\x1a\n");
  out.reserve(data.size() + palette.size() + transparency.size() + chunks);
  std::string header;
  append_number(header, form.cols);
  append_number(header, form.rows);
  header += static_cast<char>(form.depth);
  header += static_cast<char>(form.color_type);
  header.append(3, '\0');  // deflate, the five filters, not interlaced
  append_chunk(out, "IHDR", header);
  if (!palette.empty()) append_chunk(out, "PLTE", palette);
  append_chunk(out, "tRNS", transparency);
  append_chunk(out, "IDAT", data);
  append_chunk(out, "IEND", "");
  return out;
}

void check_shape(std::size_t rows, std::size_t cols, int level) {
  if (rows == 0 || cols == 0 || rows > most_side || cols > most_side)
    throw invalid("a picture of {} x {} pixels cannot be made; a side is 1 to {}", rows,
                  cols, most_side);
  if (level < 0 || level > most_level)
    throw invalid("{} is not a compression level; 0 to {} are", level, most_level);
}

void check_size(std::size_t given, std::size_t rows, std::size_t cols) {
  if (given != rows * cols)
    throw invalid("{} pixels do not make a picture of {} x {}", given, rows, cols);
}

// Filters rows one after another: none, sub or up, whichever has the least sum of
// absolute differences (PNG 1.2, 9.6).
class Filter {
 public:
  Filter(std::size_t row_bytes, std::size_t pixel_bytes)
      : row_bytes_(row_bytes), pixel_bytes_(pixel_bytes) {
    const std::size_t padded = (row_bytes + step - 1) / step * step + step;
    for (std::vector<std::uint8_t>& line :
         {std::ref(row_), std::ref(above_), std::ref(sub_), std::ref(up_)})
      line.resize(padded);
  }

  // line: 1 + row_bytes
  void operator()(std::span<const std::uint8_t> row, std::uint8_t* line) {
    std::swap(row_, above_);
    std::memcpy(&row_[step], row.data(), row_bytes_);
    unsigned long none_sum = 0;
    unsigned long sub_sum = 0;
    unsigned long up_sum = 0;
    for (std::size_t begin = step; begin < row_.size(); begin += step) {
      subtract(&row_[begin], &row_[begin - pixel_bytes_], &sub_[begin]);
      subtract(&row_[begin], &above_[begin], &up_[begin]);
      none_sum += sum(&row_[begin]);
      sub_sum += sum(&sub_[begin]);
      up_sum += sum(&up_[begin]);
    }
    const bool is_sub = sub_sum < none_sum && sub_sum <= up_sum;
    const bool is_up = !is_sub && up_sum < none_sum;
    line[0] = is_sub ? 1 : is_up ? 2 : 0;
    const std::vector<std::uint8_t>& best = is_sub ? sub_ : is_up ? up_ : row_;
    std::memcpy(line + 1, &best[step], row_bytes_);
  }

 private:
  // Rows are worked on in pieces of one fixed length, which compilers turn into SIMD; one
  // piece of zeros stands to the left of a row, and the last piece is filled up.
  static constexpr std::size_t step = 64;

  static void subtract(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* out) {
    std::array<std::uint8_t, step> difference;
    for (std::size_t i = 0; i < step; ++i)
      difference[i] = static_cast<std::uint8_t>(a[i] - b[i]);
    std::memcpy(out, difference.data(), step);
  }
  static unsigned long sum(const std::uint8_t* bytes) {
    unsigned result = 0;
    for (std::size_t i = 0; i < step; ++i) {
      const auto negative = static_cast<std::uint8_t>(-bytes[i]);
      result += std::min(bytes[i], negative);
    }
    return result;
  }

  std::size_t row_bytes_;
  std::size_t pixel_bytes_;
  std::vector<std::uint8_t> row_;
  std::vector<std::uint8_t> above_;
  std::vector<std::uint8_t> sub_;
  std::vector<std::uint8_t> up_;
};

// Lines of rows that fill(row, bytes) gives. What is only stored gains nothing by
// filters, and palettes lose by them.
template <class Fill>
Scratch lines_of(std::size_t rows, std::size_t row_bytes, std::size_t pixel_bytes,
                 bool is_filtered, const Fill& fill) {
  const std::size_t line_bytes = row_bytes + 1;
  Scratch scratch(kept().lines, rows * line_bytes);
  const std::span<std::uint8_t> lines = scratch.bytes();
  if (!is_filtered) {
    for (std::size_t row = 0; row < rows; ++row) {
      lines[row * line_bytes] = 0;
      fill(row, lines.subspan(row * line_bytes + 1, row_bytes));
    }
    return scratch;
  }
  Filter filter(row_bytes, pixel_bytes);
  std::vector<std::uint8_t> bytes(row_bytes);
  for (std::size_t row = 0; row < rows; ++row) {
    fill(row, bytes);
    filter(bytes, &lines[row * line_bytes]);
  }
  return scratch;
}

// Big-endian.
template <class T>
void put_sample(T value, std::uint8_t* to) {
  if constexpr (sizeof(T) == 2) *to++ = static_cast<std::uint8_t>(value >> 8U);
  *to = static_cast<std::uint8_t>(value);
}

// One row: samples of each pixel side by side.
template <class... T>
void interleave(std::size_t cols, std::uint8_t* __restrict to,
                const T* __restrict... from) {
  for (std::size_t i = 0; i < cols; ++i)
    ((put_sample(from[i], to), to += sizeof(T)), ...);
}

// Of one band or three; pixels of zeros are transparent.
template <class T, class... More>
std::string png_of(std::size_t rows, std::size_t cols, int level, std::span<const T> band,
                   More... more) {
  check_shape(rows, cols, level);
  for (const std::size_t size : {band.size(), more.size()...})
    check_size(size, rows, cols);
  constexpr std::size_t bands = 1 + sizeof...(More);
  constexpr std::size_t pixel_bytes = bands * sizeof(T);
  const auto fill = [&](std::size_t row, std::span<std::uint8_t> to) {
    interleave(cols, to.data(), &band[row * cols], &more[row * cols]...);
  };
  const Scratch lines = lines_of(rows, cols * pixel_bytes, pixel_bytes, level != 0, fill);
  const Form form{rows, cols, 8 * sizeof(T), bands == 1 ? grey : truecolour};
  constexpr std::string_view black("\0\0\0\0\0\0", 2 * bands);
  return png(form, {}, black, lines.bytes(), level);
}

std::uint8_t greatest(std::span<const std::uint8_t> bytes) {
  std::uint8_t most = 0;
  for (const std::uint8_t byte : bytes) most = byte > most ? byte : most;
  return most;
}

std::string make_empty(std::size_t rows, std::size_t cols) {
  const std::vector<std::uint8_t> lines(rows * ((cols + 7) / 8 + 1));
  return png({rows, cols, 1, palette_index}, std::string_view("\0\0\0", 3),
             std::string_view("\0", 1), lines, most_level);
}

}  // namespace

std::string png_grey(std::span<const std::uint8_t> bytes, std::size_t rows,
                     std::size_t cols, int level) {
  return png_of(rows, cols, level, bytes);
}

std::string png_grey16(std::span<const std::uint16_t> words, std::size_t rows,
                       std::size_t cols, int level) {
  return png_of(rows, cols, level, words);
}

std::string png_palette(std::span<const std::uint8_t> indices, std::size_t rows,
                        std::size_t cols, std::span<const Color> palette, int level) {
  check_shape(rows, cols, level);
  check_size(indices.size(), rows, cols);
  if (palette.empty() || palette.size() > 256)
    throw invalid("a palette of {} colours cannot be written; 1 to 256 are fine",
                  palette.size());
  const std::uint8_t most = palette.size() == 256 ? 0 : greatest(indices);
  if (most >= palette.size())
    throw invalid("pixel {} is not in a palette of {} colours", most, palette.size());
  std::string colors;
  std::string alphas;
  for (const Color& color : palette) {
    for (const std::uint8_t part : {color.r, color.g, color.b})
      colors += static_cast<char>(part);
    alphas += static_cast<char>(color.a);
  }
  const auto fill = [&](std::size_t row, std::span<std::uint8_t> to) {
    std::memcpy(to.data(), &indices[row * cols], cols);
  };
  const Scratch lines = lines_of(rows, cols, 1, false, fill);
  return png({rows, cols, 8, palette_index}, colors, alphas, lines.bytes(), level);
}

std::string png_rgb(std::span<const std::uint8_t> red,
                    std::span<const std::uint8_t> green,
                    std::span<const std::uint8_t> blue, std::size_t rows,
                    std::size_t cols, int level) {
  return png_of(rows, cols, level, red, green, blue);
}

std::string png_rgb16(std::span<const std::uint16_t> red,
                      std::span<const std::uint16_t> green,
                      std::span<const std::uint16_t> blue, std::size_t rows,
                      std::size_t cols, int level) {
  return png_of(rows, cols, level, red, green, blue);
}

std::string png_empty(std::size_t rows, std::size_t cols) {
  check_shape(rows, cols, most_level);
  if (rows * cols > most_empty_pixels)
    throw failure(ErrorKind::too_large, "a picture of {} x {} pixels is too large", rows,
                  cols);
  if (rows != 256 || cols != 256) return make_empty(rows, cols);
  static const std::string usual_tile = make_empty(256, 256);
  return usual_tile;
}

}  // namespace terrazzo::io
