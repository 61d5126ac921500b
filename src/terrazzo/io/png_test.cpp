#include "terrazzo/io/png.hpp"

#include <array>
#include <random>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <png.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::io {
namespace {

using Bytes = std::vector<std::uint8_t>;

// What libpng reads.
struct Decoded {
  std::size_t rows = 0;
  std::size_t cols = 0;
  Bytes rgba;
};

Decoded decoded(const std::string& file) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  REQUIRE(png_image_begin_read_from_memory(&image, file.data(), file.size()) != 0);
  image.format = PNG_FORMAT_RGBA;
  Decoded result{image.height, image.width, Bytes(PNG_IMAGE_SIZE(image))};
  const int good = png_image_finish_read(&image, nullptr, result.rgba.data(), 0, nullptr);
  REQUIRE_MESSAGE(good != 0, image.message);
  CHECK(image.warning_or_error == 0);
  return result;
}

// The data of a chunk.
std::string chunk(const std::string& file, const std::string& type) {
  std::size_t at = 8;
  while (at + 8 <= file.size()) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i)
      size = size << 8 | static_cast<unsigned char>(file[at + i]);
    if (file.compare(at + 4, 4, type) == 0) return file.substr(at + 8, size);
    at += size + 12;
  }
  FAIL("no chunk " << type);
  return {};
}

// Depth and colour type.
std::string form(const std::string& file) { return chunk(file, "IHDR").substr(8, 2); }

// Smooth with noise and a corner without data.
Bytes picture(std::size_t rows, std::size_t cols, unsigned seed) {
  std::mt19937 random(seed);
  Bytes bytes(rows * cols);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t col = 0; col < cols; ++col)
      if (row + col >= rows / 2)
        bytes[row * cols + col] =
            static_cast<std::uint8_t>(1 + (row + 2 * col + random() % 9) % 255);
  return bytes;
}

constexpr std::array<std::array<std::size_t, 2>, 9> sizes = {{{1, 1},
                                                              {1, 2},
                                                              {2, 1},
                                                              {3, 7},
                                                              {1, 300},
                                                              {64, 64},
                                                              {65, 63},
                                                              {17, 129},
                                                              {256, 256}}};

}  // namespace

TEST_CASE("grey pictures of any size and level come back with 0 transparent") {
  for (const auto& [rows, cols] : sizes) {
    for (int level = 0; level <= 9; ++level) {
      const Bytes bytes = picture(rows, cols, 1);
      const std::string file = png_grey(bytes, rows, cols, level);
      const Decoded got = decoded(file);
      CHECK(got.rows == rows);
      CHECK(got.cols == cols);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::uint8_t alpha = bytes[i] == 0 ? 0 : 255;
        const bool same_color =
            got.rgba[4 * i] == bytes[i] && got.rgba[4 * i + 2] == bytes[i];
        wrong += got.rgba[4 * i + 3] != alpha || (alpha == 255 && !same_color);
      }
      CHECK(wrong == 0);
      CHECK(form(file) == std::string{8, 0});
      CHECK(chunk(file, "tRNS") == std::string(2, '\0'));
    }
  }
}

TEST_CASE("truecolour pictures come back with only black transparent") {
  for (const auto& [rows, cols] : sizes) {
    for (const int level : {0, 1, 2, 6, 9}) {
      const std::array<Bytes, 3> bands = {picture(rows, cols, 1), picture(rows, cols, 2),
                                          Bytes(rows * cols, 0)};
      const std::string file = png_rgb(bands[0], bands[1], bands[2], rows, cols, level);
      const Decoded got = decoded(file);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < rows * cols; ++i) {
        const std::uint8_t alpha = bands[0][i] == 0 && bands[1][i] == 0 ? 0 : 255;
        wrong += got.rgba[4 * i + 3] != alpha;
        for (std::size_t band = 0; band < 3; ++band)
          wrong += alpha == 255 && got.rgba[4 * i + band] != bands[band][i];
      }
      CHECK(wrong == 0);
      CHECK(form(file) == std::string{8, 2});
      CHECK(chunk(file, "tRNS") == std::string(6, '\0'));
    }
  }
}

TEST_CASE("palette pictures come back in the colours of the palette with its alpha") {
  std::vector<Color> palette(256);
  for (std::size_t i = 0; i < 256; ++i)
    palette[i] = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(255 - i),
                  static_cast<std::uint8_t>(i / 2), static_cast<std::uint8_t>(i)};
  for (const auto& [rows, cols] : sizes) {
    const Bytes indices = picture(rows, cols, 5);
    for (const int level : {0, 1, 9}) {
      const std::string file = png_palette(indices, rows, cols, palette, level);
      const Decoded got = decoded(file);
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < indices.size(); ++i) {
        const Color color{got.rgba[4 * i], got.rgba[4 * i + 1], got.rgba[4 * i + 2],
                          got.rgba[4 * i + 3]};
        wrong += color != palette[indices[i]];
      }
      CHECK(wrong == 0);
      CHECK(form(file) == std::string{8, 3});
      CHECK(chunk(file, "PLTE").size() == 768);
      CHECK(chunk(file, "tRNS").size() == 256);
    }
  }
}

TEST_CASE("a palette is written with as many entries as are given") {
  const std::vector<Color> palette = {{0, 0, 0, 0}, {1, 2, 3, 4}, {9, 8, 7, 255}};
  const std::string file = png_palette(Bytes{0, 1, 2, 1}, 2, 2, palette, 1);
  CHECK(chunk(file, "PLTE") == std::string{0, 0, 0, 1, 2, 3, 9, 8, 7});
  CHECK(chunk(file, "tRNS") == std::string{0, 4, '\xff'});
  decoded(file);
}

TEST_CASE("an empty picture is one bit deep and all transparent") {
  for (const auto& [rows, cols] : sizes) {
    const std::string file = png_empty(rows, cols);
    const Decoded got = decoded(file);
    CHECK(got.rows == rows);
    CHECK(got.cols == cols);
    CHECK(got.rgba == Bytes(4 * rows * cols, 0));
    CHECK(form(file) == std::string{1, 3});
    CHECK(chunk(file, "PLTE") == std::string(3, '\0'));
    CHECK(chunk(file, "tRNS") == std::string(1, '\0'));
  }
  CHECK(png_empty(256, 256) == png_empty(256, 256));
  CHECK(png_empty(256, 256).size() < 200);
}

TEST_CASE("level 0 stores and higher levels make pictures smaller") {
  const Bytes bytes = picture(256, 256, 4);
  const std::size_t stored = png_grey(bytes, 256, 256, 0).size();
  const std::size_t fast = png_grey(bytes, 256, 256, 1).size();
  const std::size_t small = png_grey(bytes, 256, 256, 6).size();
  CHECK(stored > bytes.size());
  CHECK(fast < stored * 2 / 3);
  CHECK(small < fast);
}

TEST_CASE("equal pictures are equal bytes in every thread") {
  const Bytes bytes = picture(64, 64, 3);
  const std::string here = png_grey(bytes, 64, 64, 1);
  std::string there;
  std::thread([&] { there = png_grey(bytes, 64, 64, 1); }).join();
  CHECK(here == there);
}

TEST_CASE("sizes, levels and indices that do not fit are refused") {
  const Bytes four(4);
  const std::vector<Color> one = {{1, 2, 3, 255}};
  CHECK_THROWS_AS(png_grey(four, 2, 3, 1), Error);
  CHECK_THROWS_AS(png_grey({}, 0, 0, 1), Error);
  CHECK_THROWS_AS(png_grey({}, 0, 4, 1), Error);
  CHECK_THROWS_AS(png_grey(four, std::size_t{1} << 62, 4, 1), Error);
  CHECK_THROWS_AS(png_grey(four, 2, 2, -1), Error);
  CHECK_THROWS_AS(png_grey(four, 2, 2, 10), Error);
  CHECK_THROWS_AS(png_rgb(four, four, Bytes(3), 2, 2, 1), Error);
  CHECK_THROWS_AS(png_palette(four, 2, 2, {}, 1), Error);
  CHECK_THROWS_AS(png_palette(four, 2, 2, std::vector<Color>(257), 1), Error);
  CHECK_THROWS_AS(png_palette(Bytes{0, 0, 0, 1}, 2, 2, one, 1), Error);
  CHECK_THROWS_AS(png_empty(0, 5), Error);
  CHECK_THROWS_AS(png_empty((std::size_t{1} << 24) + 1, 1), Error);
  CHECK_THROWS_AS(png_empty(std::size_t{1} << 24, std::size_t{1} << 24), Error);
}

}  // namespace terrazzo::io
