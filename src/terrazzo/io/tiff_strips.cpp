#include "terrazzo/io/tiff_strips.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/nodata.hpp"
#include "terrazzo/io/samples.hpp"
#include "terrazzo/io/tiff_block.hpp"

namespace terrazzo::io {
namespace {

// One block and where it lies in the image.
struct Place {
  std::size_t down = 0;
  std::size_t across = 0;
  std::size_t sample = 0;  // the only one it holds, if samples are apart
};

// Blocks of one image, row of blocks by row of blocks. Those that reach below what was
// asked for are held for the next call.
class BlockRows {
 public:
  BlockRows(const ByteSource& bytes, const TiffImage& image, bool swapped, double blank,
            std::vector<std::size_t> samples, Pool& pool)
      : bytes_(bytes),
        image_(image),
        swapped_(swapped),
        blank_(blank),
        samples_(std::move(samples)),
        pool_(pool) {}

  using Use = std::function<void(const Block& block, const Place& place)>;

  // Calls `use` for each block with pixels in the rows, on any thread.
  void each(std::size_t first, std::size_t rows, const Use& use, const Context& context) {
    const std::size_t last_down = (first + rows - 1) / image_.block_rows;
    std::vector<Place> places;
    for (std::size_t down = first / image_.block_rows; down <= last_down; ++down) {
      if (down != held_down_) {
        add_places(down, places);
        continue;
      }
      pool_.parallel_for(held_.size(),
                         [&](std::size_t i) { use(held_[i], held_at_[i]); });
    }
    const bool hold = (last_down + 1) * image_.block_rows > first + rows;
    if (last_down != held_down_) prepare_to_hold(hold, last_down);
    decode(places, use, context);
  }

 private:
  void add_places(std::size_t down, std::vector<Place>& places) const {
    for (std::size_t across = 0; across < image_.blocks_across(); ++across)
      if (image_.apart)
        for (const std::size_t sample : samples_)
          places.push_back({down, across, sample});
      else
        places.push_back({down, across, 0});
  }

  void prepare_to_hold(bool hold, std::size_t down) {
    held_down_ = hold ? down : none;
    held_at_.clear();
    if (hold) add_places(down, held_at_);
    held_.clear();
    held_.resize(held_at_.size());
  }

  void decode(const std::vector<Place>& places, const Use& use, const Context& context) {
    const auto compressed = fetched(places, context);
    const std::size_t first_held = places.size() - std::min(places.size(), held_.size());
    pool_.parallel_for(places.size(), [&](std::size_t i) {
      context.check();
      const Place& place = places[i];
      Block block = compressed[i].empty()
                        ? blank_block(image_, place.down, blank_)
                        : decode_block(image_, swapped_, place.down, compressed[i]);
      use(block, place);
      if (place.down == held_down_) held_[i - first_held] = std::move(block);
    });
  }

  std::vector<std::vector<std::byte>> fetched(const std::vector<Place>& places,
                                              const Context& context) const {
    std::vector<std::vector<std::byte>> compressed(places.size());
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const Place& at = places[i];
      const std::size_t index = image_.block_index(at.down, at.across, at.sample);
      const BlockPlace block = image_.blocks.at(index);
      if (block.size == 0) continue;
      check_stored_size(image_, index, block.size);
      compressed[i].resize(block.size);
      pieces.push_back({block.offset, compressed[i]});
    }
    if (!pieces.empty()) bytes_.read(pieces, context);
    return compressed;
  }

  static constexpr std::size_t none = SIZE_MAX;

  const ByteSource& bytes_;
  const TiffImage& image_;
  bool swapped_;
  double blank_;
  std::vector<std::size_t> samples_;  // from 0
  Pool& pool_;
  std::size_t held_down_ = none;
  std::vector<Place> held_at_;
  std::vector<Block> held_;
};

// The part of a block that lies in rows first.. of the image.
struct Part {
  std::size_t block_row = 0, strip_row = 0, rows = 0, col = 0, cols = 0;
};

Part part_of(const TiffImage& image, const Place& place, std::size_t first,
             std::size_t rows) {
  const std::size_t top = place.down * image.block_rows;
  const std::size_t from = std::max(top, first);
  const std::size_t to = std::min({top + image.block_rows, first + rows, image.rows});
  const std::size_t col = place.across * image.block_cols;
  return {from - top, from - first, to - from, col,
          std::min(image.block_cols, image.cols - col)};
}

class TiffStrips final : public StripSource {
 public:
  TiffStrips(std::shared_ptr<const ByteSource> bytes, GeoTiff file,
             const TiffStripsRequest& request, Pool& pool)
      : bytes_(std::move(bytes)), file_(std::move(file)) {
    const TiffImage& image = file_.image(0);
    for (const int band : request.bands)
      samples_.push_back(static_cast<std::size_t>(band - 1));
    shape_ = {element_type_of(image), samples_.size(), image.rows, image.cols,
              request.masked};
    band_ = file_.info.bands[samples_.front()];
    values_.emplace(*bytes_, image, file_.tiff.swapped,
                    file_.info.bands.front().nodata.value_or(0), samples_, pool);
    if (request.masked && file_.mask(0) != nullptr)
      mask_.emplace(*bytes_, *file_.mask(0), file_.tiff.swapped, 0,
                    std::vector<std::size_t>{0}, pool);
  }

  const StripShape& shape() const override { return shape_; }

  void read(std::size_t first, std::size_t rows, Strip& to,
            const Context& context) override {
    to.resize(shape_, rows);
    values_->each(
        first, rows,
        [&](const Block& block, const Place& place) {
          put(block, place, part_of(file_.image(0), place, first, rows), to);
        },
        context);
    if (!shape_.masked) return;
    std::ranges::fill(to.valid, std::uint8_t{1});
    if (mask_)
      mask_->each(
          first, rows,
          [&](const Block& block, const Place& place) {
            put_mask(block, part_of(*file_.mask(0), place, first, rows), to);
          },
          context);
    if (shape_.samples == 1) mask_nodata(shape_.type, to.values, to.valid, band_);
  }

 private:
  void put(const Block& block, const Place& place, const Part& part, Strip& to) const {
    const std::size_t size = size_of(shape_.type);
    const bool whole = !file_.image(0).apart && is_whole_pixel(block.samples);
    for (std::size_t row = 0; row < part.rows; ++row) {
      const std::byte* from =
          block.bytes.data() + (part.block_row + row) * block.cols * block.samples * size;
      std::byte* out = to.values.data() + (part.strip_row + row) * shape_.row_bytes() +
                       part.col * shape_.pixel_bytes();
      if (whole) {
        std::memcpy(out, from, part.cols * shape_.pixel_bytes());
        continue;
      }
      for (std::size_t i = 0; i < samples_.size(); ++i) {
        if (file_.image(0).apart && samples_[i] != place.sample) continue;
        const std::size_t in_block = file_.image(0).apart ? 0 : samples_[i];
        copy_sample(from + in_block * size, block.samples, out + i * size,
                    samples_.size(), part.cols, size);
      }
    }
  }

  // All samples in the order of the file.
  bool is_whole_pixel(std::size_t samples) const {
    for (std::size_t i = 0; i < samples_.size(); ++i)
      if (samples_[i] != i) return false;
    return samples_.size() == samples;
  }

  void put_mask(const Block& block, const Part& part, Strip& to) const {
    for (std::size_t row = 0; row < part.rows; ++row) {
      const auto* from = reinterpret_cast<const std::uint8_t*>(block.bytes.data()) +
                         (part.block_row + row) * block.cols;
      std::uint8_t* out =
          to.valid.data() + (part.strip_row + row) * shape_.cols + part.col;
      for (std::size_t i = 0; i < part.cols; ++i) out[i] = from[i] != 0 ? 1 : 0;
    }
  }

  std::shared_ptr<const ByteSource> bytes_;
  GeoTiff file_;
  StripShape shape_;
  BandInfo band_;
  std::vector<std::size_t> samples_;  // from 0
  std::optional<BlockRows> values_;
  std::optional<BlockRows> mask_;
};

}  // namespace

std::unique_ptr<StripSource> tiff_strips(std::shared_ptr<const ByteSource> bytes,
                                         GeoTiff file, const TiffStripsRequest& request,
                                         Pool& pool) {
  const bool by_alpha = file.mask_samples == 0 && file.alpha_band != 0;
  if (request.masked && (by_alpha || file.mask_samples > 1)) return nullptr;
  return std::make_unique<TiffStrips>(std::move(bytes), std::move(file), request, pool);
}

}  // namespace terrazzo::io
