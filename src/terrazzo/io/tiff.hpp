#pragma once
// The container of TIFF files: what their directories say, checked against the file.
// TIFF 6.0, its technical notes 1 and 2, BigTIFF, GDAL's and GeoTIFF's tags.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "terrazzo/io/block_table.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/codec.hpp"

namespace terrazzo::io {

// One directory that holds pixels.
struct TiffImage {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t samples = 1;  // of each pixel
  int bits = 1;             // of each sample; the same for all
  SampleFormat format = SampleFormat::unsigned_integer;
  std::uint16_t compression = 1;
  std::uint16_t predictor = 1;
  std::uint16_t photometric = 1;
  std::uint16_t fill_order = 1;
  std::uint32_t subfile_type = 0;  // bit 0: reduced, bit 2: a mask
  bool apart = false;              // each sample has blocks of its own
  bool tiled = false;

  // Strips are blocks as wide as the image. Tiles keep their full size at the right and
  // lower edges, the last strip ends with the image.
  std::size_t block_rows = 0;
  std::size_t block_cols = 0;
  BlockTable blocks{};  // row by row; sample by sample if they are apart

  std::vector<std::uint16_t> extra_samples{};
  std::vector<std::byte> jpeg_tables{};
  std::vector<std::uint32_t> lerc{};

  bool is_mask() const noexcept { return (subfile_type & 4U) != 0; }
  bool is_reduced() const noexcept { return (subfile_type & 1U) != 0; }
  std::size_t blocks_across() const noexcept {
    return (cols + block_cols - 1) / block_cols;
  }
  std::size_t blocks_down() const noexcept {
    return (rows + block_rows - 1) / block_rows;
  }
  // Index into blocks of the one in row `down` and column `across` of blocks.
  std::size_t block_index(std::size_t down, std::size_t across,
                          std::size_t sample) const noexcept {
    const std::size_t plane = apart ? sample * blocks_down() : 0;
    return (plane + down) * blocks_across() + across;
  }
  // The row of blocks that such an index is in.
  std::size_t row_of_block(std::size_t index) const noexcept {
    return index / blocks_across() % blocks_down();
  }
  // How a codec sees the blocks of that row of blocks.
  BlockShape shape_of(std::size_t down) const noexcept;
};

// What the first directory says besides its pixels, as it stands in the file.
struct TiffTags {
  std::vector<std::uint16_t> color_map{};  // reds, greens, blues
  std::vector<double> pixel_scale{};       // ModelPixelScale
  std::vector<double> tie_points{};        // ModelTiepoint, six numbers each
  std::vector<double> transformation{};    // ModelTransformation, sixteen numbers
  std::vector<std::uint16_t> geo_keys{};   // GeoKeyDirectory
  std::vector<double> geo_doubles{};       // GeoDoubleParams
  std::string geo_text{};                  // GeoAsciiParams
  std::string metadata{};                  // GDAL_METADATA, XML
  std::string nodata{};                    // GDAL_NODATA
};

struct TiffFile {
  bool swapped = false;  // samples are not in this machine's byte order
  std::vector<TiffImage>
      images{};  // the first is the raster; SubIFDs follow their parent
  TiffTags tags{};
  std::size_t bytes = 0;  // of memory this takes
};

// Reads all directories. What comes out was checked: dimensions are not zero, every block
// has a place that lies within the file, no block decodes to more than max_block_bytes.
// Directories after the first that cannot be read as images are left out.
// Cost: memory and time are bounded by the size of the directories in the file, 256 MiB.
//
// Throws corrupt_data: not a TIFF, truncated, or its directories contradict themselves.
//        unsupported: a TIFF of another kind: complex samples, samples of different
//        sizes, larger blocks. And what source.read() throws.
TiffFile read_tiff(const ByteSource& source, const Context& context = {});

constexpr std::size_t max_block_bytes = std::size_t{64} << 20U;

// Are its dimensions as read_tiff() promises them? Whoever made it; no matter its blocks.
// Throws corrupt_data, unsupported: as read_tiff().
void check_dimensions(const TiffImage& image);

// How many blocks an image of checked dimensions needs; 2^64 - 1 if it overflows.
std::size_t block_count(const TiffImage& image) noexcept;

std::size_t memory_of(const TiffFile& file);  // bytes

}  // namespace terrazzo::io
