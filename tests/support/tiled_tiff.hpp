#pragma once
// Cloud-optimised GeoTIFFs whose every pixel a test knows: directories first, then tiles.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/tiff_builder.hpp"
#include "terrazzo/data/geo.hpp"

namespace terrazzo::testing {

// One band of bytes in web mercator.
struct TiledTiff {
  using Bytes = std::vector<std::uint8_t>;

  std::size_t side = 512;   // rows and columns, a multiple of block
  std::size_t block = 256;  // rows and columns of a tile
  std::size_t levels = 1;   // each has half the rows and columns of the one before
  Box box{0, 0, 512, 512};  // EPSG:3857
  std::function<std::uint8_t(std::size_t row, std::size_t col)> pixel =  // of the finest
      [](std::size_t row, std::size_t col) {
        return static_cast<std::uint8_t>(1 + (row / 16 * 31 + col / 16) % 250);
      };
  std::uint16_t compression = 1;
  std::function<Bytes(Bytes)> compress = [](Bytes tile) { return tile; };
  std::vector<TiffBuilder::Field> more{};  // of every directory
};

// One tile of a level, not compressed; of an overview every so many-th pixel.
inline TiledTiff::Bytes tile_pixels(const TiledTiff& tiff, std::size_t level,
                                    std::size_t down, std::size_t across) {
  const std::size_t step = std::size_t{1} << level;
  TiledTiff::Bytes bytes;
  for (std::size_t row = down * tiff.block; row < (down + 1) * tiff.block; ++row)
    for (std::size_t col = across * tiff.block; col < (across + 1) * tiff.block; ++col)
      bytes.push_back(tiff.pixel(row * step, col * step));
  return bytes;
}

struct BuiltTiff {
  std::vector<std::byte> bytes{};
  // Of each tile of the first level, row by row.
  std::vector<std::size_t> offsets{};
  std::vector<std::size_t> sizes{};

  std::string text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

inline BuiltTiff built(const TiledTiff& tiff, TiffShape shape = {}) {
  std::vector<std::vector<TiledTiff::Bytes>> tiles(tiff.levels);
  for (std::size_t level = 0; level < tiff.levels; ++level) {
    const std::size_t across = (tiff.side >> level) / tiff.block;
    for (std::size_t i = 0; i < across * across; ++i)
      tiles[level].push_back(
          tiff.compress(tile_pixels(tiff, level, i / across, i % across)));
  }
  const auto d = [](std::size_t n) { return std::vector{static_cast<double>(n)}; };
  const double pixel = tiff.box.width() / static_cast<double>(tiff.side);
  BuiltTiff out;
  // Directories are as long whatever they say: the first pass tells where tiles begin.
  for (std::size_t start : {0, 1}) {
    TiffBuilder builder{shape};
    std::size_t at = start == 0 ? 0 : out.bytes.size();
    out.offsets.clear();
    for (std::size_t level = 0; level < tiff.levels; ++level) {
      std::vector<double> offsets;
      std::vector<double> sizes;
      for (const auto& tile : tiles[level]) {
        offsets.push_back(static_cast<double>(at));
        sizes.push_back(static_cast<double>(tile.size()));
        if (level == 0) out.offsets.push_back(at);
        at += tile.size();
      }
      using enum TiffBuilder::Type;
      const std::size_t side = tiff.side >> level;
      std::vector<TiffBuilder::Field> fields{{254, uint32, d(level == 0 ? 0 : 1)},
                                             {256, uint32, d(side)},
                                             {257, uint32, d(side)},
                                             {258, uint16, {8}},
                                             {259, uint16, d(tiff.compression)},
                                             {262, uint16, {1}},
                                             {277, uint16, {1}},
                                             {322, uint32, d(tiff.block)},
                                             {323, uint32, d(tiff.block)},
                                             {324, uint32, offsets},
                                             {325, uint32, sizes}};
      if (level == 0) {
        fields.push_back({33550, float64, {pixel, pixel, 0}});
        fields.push_back({33922, float64, {0, 0, 0, tiff.box.west, tiff.box.north, 0}});
        fields.push_back({34735, uint16, {1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 3857}});
      }
      fields.insert(fields.end(), tiff.more.begin(), tiff.more.end());
      builder.directory(fields);
    }
    if (start == 0) {
      out.bytes.resize(builder.bytes().size());
      continue;
    }
    for (const auto& level : tiles)
      for (const auto& tile : level) builder.data(tile);
    out.bytes = builder.bytes();
  }
  for (const auto& tile : tiles[0]) out.sizes.push_back(tile.size());
  return out;
}

}  // namespace terrazzo::testing
