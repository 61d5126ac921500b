#include "terrazzo/io/cog_writer.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "terrazzo/io/tiff_tags.hpp"

namespace terrazzo::io {
namespace {

constexpr double pixels_part = 0.95;  // of the progress; the rest puts the file together

// One resolution: rows that wait for their blocks to be whole, and blocks that are done.
struct Level {
  StripShape shape;
  Spill spill;
  Strip waiting{};
  std::unique_ptr<raster::RowReducer> to_next{};
  std::size_t rows_done = 0;
};

class Writer {
 public:
  Writer(StripSource& source, const CogTags& tags, const CogFormat& format,
         const AsideFiles& aside, Pool& pool, const Context& context)
      : source_(source), tags_(tags), pool_(pool), context_(context) {
    blocks_.encoder = format.encoder;
    blocks_.effort = format.effort;
    blocks_.side = format.side;
    blocks_.nodata = tags.nodata;
    blocks_.shape = block_shape(source.shape(), tags, blocks_);
    predictor_is_open_ = format.measures_predictor && format.encoder->takes_predictor;
    make_levels(format, aside);
  }

  void read_all(const std::function<void(double)>& progress) {
    const std::size_t rows = source_.shape().rows;
    const auto tell = [&](std::size_t done) {
      if (progress)
        progress(pixels_part * static_cast<double>(done) / static_cast<double>(rows));
    };
    Strip strip;
    for (std::size_t first = 0; first < rows; first += blocks_.side) {
      context_.check();
      const std::size_t count = std::min(blocks_.side, rows - first);
      source_.read(first, count, strip, context_);
      tell(first + count / 2);
      take(0, strip);
      tell(first + count);
    }
  }

  void put_together(const std::filesystem::path& to) const {
    GrowingFile file{to};
    file.append(front());
    for (std::size_t i = levels_.size(); i-- > 0;)
      file.append(levels_[i].spill.file(), [&] { context_.check(); });
  }

 private:
  void make_levels(const CogFormat& format, const AsideFiles& aside) {
    StripShape shape = source_.shape();
    for (;;) {
      const std::string name = fmt::format("level{}.tmp", levels_.size());
      levels_.push_back(
          {shape, Spill{format.spills_to_memory ? GrowingFile::in_memory()
                                                : GrowingFile{aside.file(name)}}});
      if (shape.rows <= format.side && shape.cols <= format.side) return;
      levels_.back().to_next =
          raster::row_reducer({shape.type, shape.samples, shape.rows, shape.cols,
                               shape.masked, tags_.nodata, format.alpha},
                              format.reduction);
      shape.rows = raster::reduced(shape.rows);
      shape.cols = raster::reduced(shape.cols);
    }
  }

  void choose_predictor(const Strip& strip, const StripShape& shape) {
    const auto trial = try_predictor(strip, shape, blocks_);
    if (!trial) return;
    blocks_.predictor = trial->predictor;
    blocks_.effort.is_quick = trial->is_quick;
    predictor_is_open_ = false;
  }

  // Whole blocks of a level: compresses them and hands their rows to the next level.
  void take(std::size_t number, const Strip& strip) {
    Level& level = levels_[number];
    if (predictor_is_open_) choose_predictor(strip, level.shape);
    level.spill.append(encode_blocks(strip, level.shape, blocks_, pool_, context_));
    if (!level.to_next) return;
    const std::size_t row_bytes = level.shape.row_bytes();
    for (std::size_t row = 0; row < strip.rows; ++row) {
      const auto valid =
          strip.valid.empty()
              ? std::span<const std::uint8_t>{}
              : std::span{strip.valid}.subspan(row * level.shape.cols, level.shape.cols);
      level.to_next->add(
          std::span{strip.values}.subspan(row * row_bytes, row_bytes), valid,
          [&](auto made, auto made_valid) { add_row(number + 1, made, made_valid); });
    }
  }

  void add_row(std::size_t number, std::span<const std::byte> row,
               std::span<const std::uint8_t> valid) {
    Level& level = levels_[number];
    Strip& waiting = level.waiting;
    if (waiting.rows == 0) {
      waiting.resize(level.shape, std::min(blocks_.side, level.shape.rows));
      waiting.rows = 0;
    }
    std::ranges::copy(row, waiting.values.data() + waiting.rows * row.size());
    std::ranges::copy(valid, waiting.valid.data() + waiting.rows * valid.size());
    ++waiting.rows;
    ++level.rows_done;
    if (waiting.rows < blocks_.side && level.rows_done < level.shape.rows) return;
    take(number, waiting);
    waiting.rows = 0;
  }

  // Where the data of each level begin, behind a front of that size.
  std::vector<std::uint64_t> starts(std::uint64_t front_size) const {
    std::vector<std::uint64_t> starts(levels_.size());
    for (std::size_t i = levels_.size(); i-- > 0;) {
      starts[i] = front_size;
      front_size += levels_[i].spill.file().size();
    }
    return starts;
  }

  std::vector<std::byte> front() const {
    constexpr std::uint64_t classic_limit = std::numeric_limits<std::uint32_t>::max();
    std::uint64_t data = 0;
    for (const Level& level : levels_) data += level.spill.file().size();
    bool big = data > classic_limit;
    std::size_t size = front(0, big).size();
    if (!big && data + size > classic_limit) {
      big = true;
      size = front(0, big).size();
    }
    return front(size, big);
  }

  std::vector<std::byte> front(std::uint64_t size, bool big) const {
    const bool masked = source_.shape().masked;
    const auto first = starts(size);
    std::vector<TiffEntries> images;
    std::vector<TiffEntries> masks;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
      const Level& level = levels_[i];
      images.push_back(image_entries(level.shape, tags_, blocks_, i));
      put_places(images.back(), level.spill.images(), first[i], big);
      if (!masked) continue;
      masks.push_back(mask_entries(level.shape, blocks_, i));
      put_places(masks.back(), level.spill.masks(), first[i], big);
    }
    if (masked)  // the image, its mask, all overviews, all their masks
      images.insert(images.begin() + 1, masks.front());
    if (masked) images.insert(images.end(), masks.begin() + 1, masks.end());
    return tiff_front(images, ghost_text(masked), big);
  }

  static void put_places(TiffEntries& entries, const std::vector<BlockPlace>& places,
                         std::uint64_t start, bool big) {
    std::vector<std::uint64_t> offsets;
    std::vector<std::uint32_t> sizes;
    for (const BlockPlace& place : places) {
      offsets.push_back(place.size == 0 ? 0 : start + place.offset);
      sizes.push_back(static_cast<std::uint32_t>(place.size));
    }
    entries.offsets(tag::tile_offsets, offsets, big);
    entries.longs(tag::tile_byte_counts, sizes);
  }

  StripSource& source_;
  const CogTags& tags_;
  Pool& pool_;
  const Context& context_;
  BlockFormat blocks_;
  bool predictor_is_open_ = false;
  std::vector<Level> levels_;
};

}  // namespace

void write_cog(StripSource& source, const CogTags& tags, const CogFormat& format,
               const AsideFiles& aside, const std::filesystem::path& to, Pool& pool,
               const std::function<void(double)>& progress, const Context& context) {
  Writer writer{source, tags, format, aside, pool, context};
  writer.read_all(progress);
  writer.put_together(to);
}

}  // namespace terrazzo::io
