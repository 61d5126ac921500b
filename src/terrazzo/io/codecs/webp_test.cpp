#include <webp/decode.h>
#include <webp/encode.h>

#include "support/blocks.hpp"

namespace terrazzo::io {
namespace {

using test::Bytes;
using test::View;

constexpr std::uint16_t number = 50001;
constexpr int rows = 20;
constexpr int cols = 33;

const std::uint8_t* raw(View data) {
  return reinterpret_cast<const std::uint8_t*>(data.data());
}

Bytes taken(std::uint8_t* out, std::size_t size) {
  REQUIRE(size > 0);
  const auto* first = reinterpret_cast<const std::byte*>(out);
  Bytes result(first, first + size);
  WebPFree(out);
  return result;
}

// quality: of lossy compression; below 0 nothing is lost.
Bytes encoded(View pixels, int samples, float quality) {
  std::uint8_t* out = nullptr;
  const int stride = cols * samples;
  std::size_t size = 0;
  if (quality < 0)
    size = samples == 4 ? WebPEncodeLosslessRGBA(raw(pixels), cols, rows, stride, &out)
                        : WebPEncodeLosslessRGB(raw(pixels), cols, rows, stride, &out);
  else
    size = samples == 4 ? WebPEncodeRGBA(raw(pixels), cols, rows, stride, quality, &out)
                        : WebPEncodeRGB(raw(pixels), cols, rows, stride, quality, &out);
  return taken(out, size);
}

BlockShape shape_of(std::size_t samples) {
  return {.rows = rows, .cols = cols, .samples = samples};
}

Bytes pixels_of(int samples) {
  return test::terrain(static_cast<std::size_t>(rows * cols * samples), 1);
}

}  // namespace

TEST_CASE("WEBP: lossless pixels come back as they were") {
  const Bytes rgb = pixels_of(3);
  CHECK(test::decoded(number, encoded(rgb, 3, -1), shape_of(3)) == rgb);
  Bytes rgba = pixels_of(4);
  for (std::size_t i = 3; i < rgba.size(); i += 4) rgba[i] |= std::byte{1};  // seen
  CHECK(test::decoded(number, encoded(rgba, 4, -1), shape_of(4)) == rgba);
}

TEST_CASE("WEBP: lossy pixels are those of libwebp") {
  const Bytes block = encoded(pixels_of(3), 3, 75);
  int width = 0;
  int height = 0;
  std::uint8_t* out = WebPDecodeRGB(raw(block), block.size(), &width, &height);
  REQUIRE(out != nullptr);
  CHECK(test::decoded(number, block, shape_of(3)) == taken(out, 3 * rows * cols));
}

TEST_CASE("WEBP: pixels without an alpha get a full one") {
  const Bytes rgb = pixels_of(3);
  const Bytes rgba = test::decoded(number, encoded(rgb, 3, -1), shape_of(4));
  for (std::size_t i = 0; i < rgb.size() / 3; ++i) {
    CHECK(rgba[4 * i] == rgb[3 * i]);
    CHECK(rgba[4 * i + 3] == std::byte{255});
  }
}

TEST_CASE("WEBP: a block of another shape is corrupt") {
  const Bytes rgb = encoded(pixels_of(3), 3, -1);
  const Bytes rgba = encoded(test::noise(std::size_t{4} * rows * cols, 1), 4, -1);
  CHECK(test::is_corrupt(number, rgba, shape_of(3)));
  CHECK(test::is_corrupt(number, rgb, {.rows = rows, .cols = cols + 1, .samples = 3}));
  CHECK(test::is_corrupt(number, rgb, {.rows = rows - 1, .cols = cols, .samples = 3}));
  CHECK(test::refusal(number, rgb, shape_of(1)) == ErrorKind::unsupported);
}

TEST_CASE("WEBP: a block that is cut off is corrupt") {
  for (const float quality : {-1.0F, 75.0F}) {
    const Bytes block = encoded(pixels_of(3), 3, quality);
    for (const std::size_t left : {std::size_t{0}, std::size_t{20}, block.size() / 2})
      CHECK(test::is_corrupt(number, View(block).first(left), shape_of(3)));
  }
}

TEST_CASE("WEBP: damaged blocks are refused, or decoded to something") {
  for (const float quality : {-1.0F, 75.0F})
    test::check_damage(number, encoded(pixels_of(4), 4, quality), shape_of(4));
}

}  // namespace terrazzo::io
