#include "terrazzo/io/cog_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "terrazzo/io/tiff_directory.hpp"
#include "terrazzo/io/tiff_tags.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint64_t small_side = 512;      // pixels; no tiles or overviews needed
constexpr std::uint64_t last_first_ifd = 300;  // bytes; GDAL's own header is shorter
constexpr std::uint64_t most_blocks = std::uint64_t{1} << 27U;
constexpr std::uint64_t most_directories = 1024;
constexpr std::size_t most_reasons = 20;  // of one kind; one wrong block says enough

// One directory: the image, an overview or a mask.
struct Level {
  std::string name{};
  std::uint64_t cols = 0;
  std::uint64_t rows = 0;
  std::uint64_t ifd = 0;  // byte where its directory stands
  bool tiled = false;
  std::vector<std::uint64_t> offsets{};  // of its blocks; 0: left out
  std::vector<std::uint64_t> sizes{};

  std::uint64_t data() const {  // byte of its first block; 0: none is stored
    const auto first =
        std::ranges::find_if(offsets, [](auto offset) { return offset != 0; });
    return first == offsets.end() ? 0 : *first;
  }
  bool is_large() const { return cols > small_side && rows > small_side; }
};

struct Levels {
  std::vector<Level> images{};  // the image, then its overviews
  std::vector<Level> masks{};
};

// What GDAL's ghost area promises.
struct Promises {
  bool row_major = false;
  bool leaders = false;
  bool trailers = false;
  bool masks_follow = false;
  std::uint64_t gap = 0;  // bytes between a block and its mask's
  bool broken = false;    // somebody changed the file since
};

Level read_level(TiffCursor& cursor, const TiffDirectory& directory) {
  Level level;
  level.cols = cursor.integer(directory, tag::image_width, 0);
  level.rows = cursor.integer(directory, tag::image_length, 0);
  const std::uint64_t tile_cols = cursor.integer(directory, tag::tile_width, 0);
  level.tiled = tile_cols != 0;
  level.offsets = cursor.integers(
      directory, level.tiled ? tag::tile_offsets : tag::strip_offsets, most_blocks);
  level.sizes = cursor.integers(
      directory, level.tiled ? tag::tile_byte_counts : tag::strip_byte_counts,
      most_blocks);
  level.sizes.resize(level.offsets.size());
  for (std::size_t i = 0; i < level.sizes.size(); ++i)
    if (level.sizes[i] == 0) level.offsets[i] = 0;
  return level;
}

Levels read_levels(TiffCursor& cursor) {
  constexpr std::uint64_t reduced = 1;
  constexpr std::uint64_t mask = 4;
  Levels levels;
  std::uint64_t position = cursor.first_directory();
  for (std::uint64_t count = 0; position != 0 && count < most_directories; ++count) {
    const TiffDirectory directory = cursor.directory(position);
    const std::uint64_t type = cursor.integer(directory, tag::new_subfile_type, 0);
    Level level = read_level(cursor, directory);
    level.ifd = position;
    position = directory.next;
    if (count > 0 && (type & (reduced | mask)) == 0) continue;  // another page
    auto& those = (type & mask) != 0 ? levels.masks : levels.images;
    level.name =
        those.empty() ? "the image" : fmt::format("overview {}", those.size() - 1);
    if ((type & mask) != 0) level.name = "the mask of " + level.name;
    those.push_back(std::move(level));
  }
  return levels;
}

Promises read_promises(const ByteSource& source, std::uint64_t first_ifd,
                       const Context& context) {
  std::string text(std::min<std::uint64_t>({first_ifd, source.size(), 1024}), '\0');
  const Piece piece{0, std::as_writable_bytes(std::span{text})};
  source.read({&piece, 1}, context);
  const auto says = [&](std::string_view words) {
    return text.find(words) != std::string::npos;
  };
  if (!says("GDAL_STRUCTURAL_METADATA_SIZE=")) return {};
  const bool leaders = says("BLOCK_LEADER=SIZE_AS_UINT4");
  const bool trailers = says("BLOCK_TRAILER=LAST_4_BYTES_REPEATED");
  return {.row_major = says("BLOCK_ORDER=ROW_MAJOR"),
          .leaders = leaders,
          .trailers = trailers,
          .masks_follow = says("MASK_INTERLEAVED_WITH_IMAGERY=YES"),
          .gap = (leaders ? 4U : 0U) + (trailers ? 4U : 0U),
          .broken = says("KNOWN_INCOMPATIBLE_EDITION=YES")};
}

// Collects reasons; of many of one kind only the first.
class Reasons {
 public:
  explicit Reasons(std::vector<std::string>& to) : to_(to) {}
  void add(std::string reason) {
    if (++count_ <= most_reasons) to_.push_back(std::move(reason));
    if (count_ == most_reasons + 1) to_.emplace_back("and more of this kind");
  }

 private:
  std::vector<std::string>& to_;
  std::size_t count_ = 0;
};

void check_ends(const std::vector<Level>& levels, CogFindings& findings) {
  const Level& main = levels.front();
  const Level& smallest = levels.back();
  if (main.ifd > last_first_ifd)
    findings.errors.push_back(fmt::format(
        "the directory of the image starts at byte {}; it should be within the first {}",
        main.ifd, last_first_ifd));
  if (smallest.data() != 0 && smallest.data() < smallest.ifd)
    findings.errors.push_back(
        fmt::format("the data of {} (byte {}) stand before its directory (byte {})",
                    smallest.name, smallest.data(), smallest.ifd));
  if (main.is_large() && levels.size() == 1)
    findings.warnings.push_back(fmt::format(
        "the image is {} x {} pixels and has no overviews; reading it from afar is slow",
        main.cols, main.rows));
}

void check_levels(const std::vector<Level>& levels, CogFindings& findings) {
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[i];
    if (level.is_large() && !level.tiled)
      findings.errors.push_back(fmt::format("{} is {} x {} pixels and not tiled",
                                            level.name, level.cols, level.rows));
    if (i == 0) continue;
    const Level& before = levels[i - 1];
    if (level.cols >= before.cols && level.rows >= before.rows)
      findings.errors.push_back(
          fmt::format("{} is not smaller than {}", level.name, before.name));
    if (level.ifd < before.ifd)
      findings.errors.push_back(
          fmt::format("the directory of {} (byte {}) stands before that of {} (byte {})",
                      level.name, level.ifd, before.name, before.ifd));
    if (before.data() != 0 && level.data() != 0 && before.data() < level.data())
      findings.errors.push_back(
          fmt::format("the data of {} (byte {}) stand before those of {} (byte {})",
                      before.name, before.data(), level.name, level.data()));
  }
}

void check_inside(const Level& level, std::uint64_t file_size, CogFindings& findings) {
  for (std::size_t i = 0; i < level.offsets.size(); ++i)
    if (level.offsets[i] > file_size || level.sizes[i] > file_size - level.offsets[i]) {
      findings.errors.push_back(
          fmt::format("the file is truncated: block {} of {} ends behind its {} bytes", i,
                      level.name, file_size));
      return;
    }
}

void check_order(const Level& level, Reasons& reasons) {
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < level.offsets.size(); ++i) {
    if (level.offsets[i] == 0) continue;
    if (level.offsets[i] < last)
      reasons.add(fmt::format("block {} of {} stands before the one that it follows", i,
                              level.name));
    last = level.offsets[i];
  }
}

std::uint32_t little_endian(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;)
    value = value << 8U | std::to_integer<std::uint32_t>(bytes[i]);
  return value;
}

// The four bytes before each block, its last four, and the four behind it.
void check_around(const ByteSource& source, const Level& level, const Promises& promises,
                  Reasons& reasons, const Context& context) {
  constexpr std::size_t batch = 4096;
  std::vector<std::array<std::byte, 12>> around(batch);
  for (std::size_t first = 0; first < level.offsets.size(); first += batch) {
    const std::size_t end = std::min(first + batch, level.offsets.size());
    std::vector<Piece> pieces;
    const auto is_whole = [&](std::size_t i) {
      return level.offsets[i] >= 4 && level.sizes[i] >= 4 &&
             level.offsets[i] + level.sizes[i] + 4 <= source.size();
    };
    for (std::size_t i = first; i < end; ++i) {
      if (!is_whole(i)) continue;
      const std::span room{around[i - first]};
      pieces.push_back({level.offsets[i] - 4, room.first(4)});
      pieces.push_back({level.offsets[i] + level.sizes[i] - 4, room.last(8)});
    }
    if (!pieces.empty()) source.read(pieces, context);
    for (std::size_t i = first; i < end; ++i) {
      if (!is_whole(i)) continue;
      const std::span bytes{around[i - first]};
      if (promises.leaders && little_endian(bytes.first(4)) != level.sizes[i])
        reasons.add(fmt::format("before block {} of {} stands the size {} instead of {}",
                                i, level.name, little_endian(bytes.first(4)),
                                level.sizes[i]));
      if (promises.trailers && !std::ranges::equal(bytes.subspan(4, 4), bytes.last(4)))
        reasons.add(fmt::format(
            "behind block {} of {} its last four bytes are not repeated", i, level.name));
    }
  }
}

void check_masks_follow(const Level& image, const Level& mask, std::uint64_t gap,
                        Reasons& reasons) {
  const std::size_t count = std::min(image.offsets.size(), mask.offsets.size());
  for (std::size_t i = 0; i < count; ++i)
    if (image.offsets[i] != 0 && mask.offsets[i] != 0 &&
        mask.offsets[i] != image.offsets[i] + image.sizes[i] + gap)
      reasons.add(fmt::format("block {} of {} does not follow the pixels it masks", i,
                              mask.name));
}

void check_promises(const ByteSource& source, const Levels& levels,
                    const Promises& promises, CogFindings& findings,
                    const Context& context) {
  if (promises.broken)
    findings.errors.emplace_back(
        "its ghost area says KNOWN_INCOMPATIBLE_EDITION=YES: it was changed after it was "
        "made");
  Reasons order{findings.errors};
  Reasons around{findings.errors};
  for (const auto* those : {&levels.images, &levels.masks})
    for (const Level& level : *those) {
      if (promises.row_major) check_order(level, order);
      if (promises.leaders || promises.trailers)
        check_around(source, level, promises, around, context);
    }
  if (!promises.masks_follow) return;
  Reasons masks{findings.errors};
  for (const Level& mask : levels.masks)
    for (const Level& image : levels.images)
      if (image.cols == mask.cols && image.rows == mask.rows)
        check_masks_follow(image, mask, promises.gap, masks);
}

}  // namespace

CogFindings check_cog(const ByteSource& source, const CogCheck& check,
                      const Context& context) {
  TiffCursor cursor{source, context};
  CogFindings findings;
  const Levels levels = read_levels(cursor);
  if (levels.images.empty()) {
    findings.errors.emplace_back("the file holds no image");
    return findings;
  }
  check_ends(levels.images, findings);
  check_levels(levels.images, findings);
  for (const auto* those : {&levels.images, &levels.masks})
    for (const Level& level : *those) check_inside(level, source.size(), findings);
  if (!findings.errors.empty()) return findings;
  const std::uint64_t first_ifd = levels.images.front().ifd;
  Promises promises = read_promises(source, first_ifd, context);
  if (!check.reads_around_blocks) promises.leaders = promises.trailers = false;
  check_promises(source, levels, promises, findings, context);
  return findings;
}

}  // namespace terrazzo::io
