#include "terrazzo/io/tiff.hpp"

#include <doctest/doctest.h>

#include <optional>

#include "support/tiff_builder.hpp"
#include "terrazzo/io/geotiff.hpp"
#include "terrazzo/io/memory_source.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::TiffBuilder;
using terrazzo::testing::TiffShape;

namespace {

using Bytes = std::vector<std::byte>;

TiffFile read(const Bytes& bytes) { return read_tiff(*memory_source(bytes, "test")); }

// What reading ends in; empty: it is read.
std::optional<ErrorKind> failure_of(const Bytes& bytes) {
  try {
    read_geotiff(*memory_source(bytes, "test"));
  } catch (const Error& error) {
    return error.kind();
  }
  return std::nullopt;
}

Bytes small_file(TiffShape shape = {}) {
  TiffBuilder builder{shape};
  builder.image(
      10, 20,
      {{33550, TiffBuilder::float64, {10, 10, 0}},
       {33922, TiffBuilder::float64, {0, 0, 0, 500000, 6000000, 0}},
       {34735, TiffBuilder::uint16, {1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32633}},
       {42113, TiffBuilder::ascii, {'2', '5', '5', 0}}});
  builder.image(5, 10, {{254, TiffBuilder::uint32, {1}}});
  builder.image(10, 20, {{254, TiffBuilder::uint32, {4}}});
  builder.image(5, 10, {{254, TiffBuilder::uint32, {5}}});
  return builder.bytes();
}

}  // namespace

TEST_CASE("both byte orders, classic and big, say the same") {
  for (const bool big_endian : {false, true})
    for (const bool big : {false, true}) {
      CAPTURE(big_endian);
      CAPTURE(big);
      const Bytes bytes = small_file({.big_endian = big_endian, .big = big});
      const GeoTiff file = read_geotiff(*memory_source(bytes, "test"));
      CHECK(file.info.rows == 10);
      CHECK(file.info.cols == 20);
      CHECK(file.info.affine == Affine{10, 0, 500000, 0, -10, 6000000});
      REQUIRE(file.info.crs);
      CHECK(*file.info.crs == Crs::epsg(32633));
      CHECK(file.info.bands.at(0).nodata == 255);
      CHECK(file.info.overviews == std::vector<std::size_t>{2});
      CHECK(file.levels.size() == 2);
      CHECK(file.mask_samples == 1);
      CHECK(file.mask(1)->rows == 5);
    }
}

TEST_CASE("a pixel that is a point lies half a pixel further to the left and up") {
  TiffBuilder builder;
  builder.image(10, 20,
                {{33550, TiffBuilder::float64, {10, 10, 0}},
                 {33922, TiffBuilder::float64, {0, 0, 0, 500000, 6000000, 0}},
                 {34735,
                  TiffBuilder::uint16,
                  {1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 2, 3072, 0, 1, 32633}}});
  const GeoTiff file = read_geotiff(*memory_source(builder.bytes(), "test"));
  CHECK(file.info.affine == Affine{10, 0, 499995, 0, -10, 6000005});
}

TEST_CASE("a file that ends early is told as truncated, wherever it ends") {
  const Bytes whole = small_file();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(
        failure_of({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}) ==
        ErrorKind::corrupt_data);
  }
  CHECK_FALSE(failure_of(whole));
}

TEST_CASE("no single wrong byte does more than end in an error") {
  for (const bool big : {false, true}) {
    const Bytes whole = small_file({.big = big});
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const int value : {0, 1, 0x7F, 0x80, 0xFF}) {
        Bytes bytes = whole;
        bytes[at] = static_cast<std::byte>(value);
        const auto kind = failure_of(bytes);
        const bool expected = !kind || kind == ErrorKind::corrupt_data ||
                              kind == ErrorKind::unsupported ||
                              kind == ErrorKind::too_large;
        CAPTURE(at);
        CHECK(expected);
      }
  }
}

TEST_CASE("directories that lead in a circle are damaged") {
  TiffBuilder builder;
  const std::size_t first = builder.image(4, 4);
  builder.image(2, 2, {{254, TiffBuilder::uint32, {1}}});
  builder.lead_to(first);
  CHECK(failure_of(builder.bytes()) == ErrorKind::corrupt_data);
}

TEST_CASE("a directory that is its own child is damaged") {
  for (const std::uint64_t child : {8, 0x7FFFFFFF}) {
    TiffBuilder builder;
    TiffBuilder placed;
    const std::size_t first = placed.image(4, 4, {{330, TiffBuilder::uint32, {8}}});
    const auto to = child == 8 ? static_cast<double>(first) : static_cast<double>(child);
    builder.image(4, 4, {{330, TiffBuilder::uint32, {to}}});
    CHECK(failure_of(builder.bytes()) == ErrorKind::corrupt_data);
  }
}

TEST_CASE("a file of 2^62 blocks of one pixel has no room for their places") {
  using enum TiffBuilder::Type;
  TiffBuilder builder{{.big = true}};
  builder.image(4, 4,
                {{256, uint32, {2147483647}},
                 {257, uint32, {2147483647}},
                 {322, uint32, {1}},
                 {323, uint32, {1}},
                 {324, uint64, {16, 16, 16}},
                 {325, uint64, {1, 1, 1}}});
  CHECK(failure_of(builder.bytes()) == ErrorKind::corrupt_data);
}

TEST_CASE("sizes that no file can have are refused before memory is taken") {
  const auto with = [](std::vector<TiffBuilder::Field> fields) {
    TiffBuilder builder;
    builder.image(4, 4, std::move(fields));
    return failure_of(builder.bytes());
  };
  using enum TiffBuilder::Type;
  CHECK(with({{256, uint32, {0}}}) == ErrorKind::corrupt_data);
  CHECK(with({{257, uint32, {4294967295.0}}}) == ErrorKind::corrupt_data);
  CHECK(with({{277, uint16, {0}}}) == ErrorKind::corrupt_data);
  CHECK(with({{278, uint32, {1}}}) == ErrorKind::corrupt_data);  // four strips, one named
  CHECK(with({{322, uint32, {0}}, {323, uint32, {16}}}) == ErrorKind::corrupt_data);
  CHECK(with({{322, uint32, {2147483648.0}}, {323, uint32, {16}}}) ==
        ErrorKind::corrupt_data);
  CHECK(with({{322, uint32, {65536}},
              {323, uint32, {65536}},
              {324, uint32, {8}},
              {325, uint32, {16}}}) == ErrorKind::unsupported);
  CHECK(with({{273, uint64, {9.2e18}}}) == ErrorKind::corrupt_data);
  CHECK(with({{279, uint32, {4000000000.0}}}) == ErrorKind::corrupt_data);
}

TEST_CASE("what this reader leaves to others is told as unsupported") {
  const auto with = [](std::vector<TiffBuilder::Field> fields) {
    TiffBuilder builder;
    builder.image(4, 4, std::move(fields));
    return failure_of(builder.bytes());
  };
  using enum TiffBuilder::Type;
  CHECK(with({{259, uint16, {4}}}) == ErrorKind::unsupported);  // CCITT
  CHECK(with({{339, uint16, {6}}}) == ErrorKind::unsupported);  // complex
  CHECK(with({{258, uint16, {33}}}) == ErrorKind::unsupported);
  CHECK(with({{33922, float64, {0, 0, 0, 1, 1, 0, 3, 3, 0, 5, 5, 0}}}) ==
        ErrorKind::unsupported);  // ground control points
}

TEST_CASE("strips that are stored as they are become blocks of their own") {
  TiffBuilder builder;
  builder.image(3000, 1000);
  const TiffFile file = read(builder.bytes());
  const TiffImage& image = file.images.at(0);
  CHECK(image.block_rows < 3000);
  CHECK(image.blocks.size() == image.blocks_down());
  std::uint64_t sum = 0;
  image.blocks.for_each([&](const BlockPlace& place) { sum += place.size; });
  CHECK(sum == 3'000'000);
}
