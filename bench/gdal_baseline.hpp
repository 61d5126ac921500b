#pragma once
// The baselines: what GDAL alone does for the same results, as well set up as it can be.
// Throws internal where GDAL fails.

#include <span>
#include <string>
#include <vector>

#include "terrazzo/data/tile_grid.hpp"

namespace terrazzo::bench {

inline constexpr std::size_t block_cache_bytes = std::size_t{1} << 30;  // all scenes

// Prints how GDAL is set up, for both sides.
void set_up_baseline();

// Empties GDAL's block cache, which both sides decode into.
void empty_block_cache();

// Tiles by GDAL's warper at its best: every overview stays open with its transformer,
// which alone saves the 10 ms that making one takes; the level is the coarsest that is as
// fine as the tile; bilinear, approximate to 0.125 pixel. Then a stretch from 600..2500
// and PNG at level 1.
class GdalTiles {
 public:
  explicit GdalTiles(const std::vector<std::string>& files);
  ~GdalTiles();
  GdalTiles(const GdalTiles&) = delete;
  GdalTiles& operator=(const GdalTiles&) = delete;

  // One file with a palette of 256 colours, or three as red, green and blue.
  std::string draw(const TileId& tile, std::span<const std::size_t> files) const;
  // (a - b) / (a + b) of two files, -1..1, grey.
  std::string draw_index(const TileId& tile, std::size_t a, std::size_t b) const;

 private:
  struct Level {
    void* data;
    void* transformer;  // to web mercator
    double pixel;       // its width there
  };
  void add_level(std::vector<Level>& levels, const std::string& file, int overview);
  std::vector<float> warped(const TileId& tile, std::size_t file) const;

  std::vector<std::vector<Level>> files_;  // levels from the finest
};

// Values of all bands of a PNG, one after the other: palette indices, grey or colours.
std::vector<std::uint8_t> decoded(const std::string& png);

struct Figures {
  double low = 0;
  double high = 0;
  double mean = 0;
};

// What gdalinfo -stats does and a histogram of all 16-bit values, as percentiles need it.
Figures gdal_statistics(const std::string& path);

// The COG driver: blocks of 256, overviews by average, all cores. level: empty: its own.
void gdal_cog(const std::string& in, const std::string& out,
              const std::string& compression, const std::string& level);

}  // namespace terrazzo::bench
