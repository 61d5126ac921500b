#pragma once
// Directories of TIFF files as bytes: little-endian, classic or BigTIFF.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/data/geo.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::io {

struct TiffEntry {
  std::uint16_t type = 0;  // TIFF's number of the element type
  std::uint64_t count = 0;
  std::vector<std::byte> values{};  // little-endian
};

// One directory under way: entries by tag; a later one of the same tag replaces.
class TiffEntries {
 public:
  void put(std::uint16_t tag, TiffEntry entry) { entries_[tag] = std::move(entry); }
  void bytes(std::uint16_t tag, std::span<const std::byte> values);  // UNDEFINED
  void text(std::uint16_t tag, std::string_view value);
  void number(std::uint16_t tag, std::uint32_t value);  // SHORT if it fits, else LONG
  void shorts(std::uint16_t tag, std::span<const std::uint16_t> values);
  void longs(std::uint16_t tag, std::span<const std::uint32_t> values);
  // LONG8 in a BigTIFF; in a classic TIFF the values have to fit LONG.
  void offsets(std::uint16_t tag, std::span<const std::uint64_t> values, bool big);
  void rationals(std::uint16_t tag, std::span<const std::uint32_t> values);  // each / 1
  void doubles(std::uint16_t tag, std::span<const double> values);
  void add(const TiffEntries& others);  // those of `others` replace

  const std::map<std::uint16_t, TiffEntry>& all() const noexcept { return entries_; }

 private:
  std::map<std::uint16_t, TiffEntry> entries_;
};

// How the pixels of one image are stored, as its directory tells.
struct TiffLayout {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t samples = 1;
  ElementType type = ElementType::uint8;
  int bits = 0;                // of a sample; 0: those of the type
  std::size_t block_rows = 0;  // tiles if block_cols is not 0, else rows of a strip
  std::size_t block_cols = 0;
  std::uint16_t compression = 1;
  std::uint16_t predictor = 1;
  std::uint16_t photometric = 1;               // 2: the first three samples are RGB
  std::vector<std::uint16_t> extra_samples{};  // 0: anything, 2: alpha
  std::uint32_t subfile_type = 0;
};

// Everything about the layout but where the blocks are.
TiffEntries layout_entries(const TiffLayout& layout);

// Where the pixels are on Earth. A system without EPSG code is left out.
TiffEntries geo_entries(const Affine& affine, const std::optional<Crs>& crs);

// The number as GDAL_NODATA has it.
std::string nodata_text(double nodata);

// The header, `ghost` (text between the header and the first directory; may be empty) and
// the directories, which follow each other, each with its values: all that stands before
// the first block. Its size depends on the counts and types of the entries only.
std::vector<std::byte> tiff_front(std::span<const TiffEntries> directories,
                                  std::string_view ghost = {}, bool big = false);

// A whole file of one image: its front, then the blocks, whose places are put into
// `entries`. Throws too_large: it passes 4 GiB.
std::vector<std::byte> tiff_bytes(TiffEntries entries,
                                  std::span<const std::vector<std::byte>> blocks);

}  // namespace terrazzo::io
