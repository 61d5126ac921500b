#include "terrazzo/io/cog_blocks.hpp"

#include <algorithm>
#include <cstring>

#include "terrazzo/io/compress.hpp"
#include "terrazzo/io/prediction.hpp"

namespace terrazzo::io {
namespace {

constexpr int mask_level = 6;      // of DEFLATE
constexpr std::size_t trials = 8;  // blocks that predictors are tried on

// Square pieces of a strip, one after the other in the same memory.
class Cutter {
 public:
  Cutter(const Strip& strip, const StripShape& shape, const BlockFormat& format)
      : strip_(strip), shape_(shape), side_(format.side) {
    if (format.nodata) set_blank(*format.nodata);
  }

  std::size_t count() const { return (shape_.cols + side_ - 1) / side_; }

  // side x side pixels; edge pixels are repeated.
  std::vector<std::byte> pixels(std::size_t across) const {
    std::vector<std::byte> block(side_ * side_ * shape_.pixel_bytes());
    const std::byte* from = strip_.values.data() + across * side_ * shape_.pixel_bytes();
    cut(from, across, shape_.pixel_bytes(), block);
    return block;
  }

  // A bit for each pixel, rows begin with a byte.
  std::vector<std::byte> mask(std::size_t across) const {
    std::vector<std::byte> pixels(side_ * side_);
    const auto* valid = reinterpret_cast<const std::byte*>(strip_.valid.data());
    cut(valid + across * side_, across, 1, pixels);
    std::vector<std::byte> bits(side_ * ((side_ + 7) / 8));
    for (std::size_t i = 0; i < bits.size(); ++i)
      for (std::size_t k = 0; k < 8; ++k) bits[i] = bits[i] << 1 | pixels[i * 8 + k];
    return bits;
  }

  // Nothing but what readers make of a block that is left out.
  bool is_blank(std::span<const std::byte> block) const {
    const std::size_t size = size_of(shape_.type);
    return std::memcmp(block.data(), blank_, size) == 0 &&
           std::memcmp(block.data(), block.data() + size, block.size() - size) == 0;
  }

 private:
  void cut(const std::byte* from, std::size_t across, std::size_t pixel_bytes,
           std::vector<std::byte>& block) const {
    const std::size_t cols = std::min(side_, shape_.cols - across * side_);
    const std::size_t row_bytes = side_ * pixel_bytes;
    for (std::size_t row = 0; row < strip_.rows; ++row) {
      std::byte* to = block.data() + row * row_bytes;
      std::memcpy(to, from + row * shape_.cols * pixel_bytes, cols * pixel_bytes);
      for (std::size_t col = cols; col < side_; ++col)
        std::memcpy(to + col * pixel_bytes, to + (cols - 1) * pixel_bytes, pixel_bytes);
    }
    for (std::size_t row = strip_.rows; row < side_; ++row)
      std::memcpy(block.data() + row * row_bytes,
                  block.data() + (strip_.rows - 1) * row_bytes, row_bytes);
  }

  void set_blank(double nodata) {
    with_type(shape_.type, [&]<class T>(T) {
      const T value = static_cast<T>(nodata);
      std::memcpy(blank_, &value, sizeof value);
    });
  }

  const Strip& strip_;
  const StripShape& shape_;
  std::size_t side_;
  std::byte blank_[sizeof(double)] = {};
};

std::vector<std::byte> encoded(const std::vector<std::byte>& block,
                               const BlockFormat& format) {
  if (format.predictor == Predictor::none)
    return format.encoder->encode(block, format.shape, format.effort);
  std::vector<std::byte> predicted(block.size());
  predict_samples(block, format.shape, format.predictor, predicted);
  return format.encoder->encode(predicted, format.shape, format.effort);
}

bool is_all(std::span<const std::byte> bytes, std::byte value) {
  return std::ranges::all_of(bytes, [&](std::byte byte) { return byte == value; });
}

}  // namespace

std::vector<Spill::Encoded> encode_blocks(const Strip& strip, const StripShape& shape,
                                          const BlockFormat& format, Pool& pool,
                                          const Context& context) {
  const Cutter cutter{strip, shape, format};
  std::vector<Spill::Encoded> blocks(cutter.count());
  pool.parallel_for(blocks.size(), [&](std::size_t i) {
    context.check();
    const auto pixels = cutter.pixels(i);
    if (!cutter.is_blank(pixels)) blocks[i].image = encoded(pixels, format);
    if (!shape.masked) return;
    const auto mask = cutter.mask(i);
    if (!is_all(mask, std::byte{0})) blocks[i].mask = compress_zlib(mask, mask_level);
  });
  return blocks;
}

std::optional<Trial> try_predictor(const Strip& strip, const StripShape& shape,
                                   const BlockFormat& format) {
  const bool floats = format.shape.format == SampleFormat::floating;
  BlockFormat predicted = format;
  predicted.predictor = floats ? Predictor::floating : Predictor::horizontal;
  BlockFormat quick = predicted;
  quick.effort.is_quick = true;
  const Cutter cutter{strip, shape, format};
  const std::size_t step = std::max<std::size_t>(cutter.count() / trials, 1);
  std::size_t plain_bytes = 0;
  std::size_t predicted_bytes = 0;
  std::size_t quick_bytes = 0;
  for (std::size_t i = 0; i < cutter.count(); i += step) {
    const auto pixels = cutter.pixels(i);
    if (cutter.is_blank(pixels)) continue;
    plain_bytes += encoded(pixels, format).size();
    predicted_bytes += encoded(pixels, predicted).size();
    quick_bytes += encoded(pixels, quick).size();
  }
  if (plain_bytes == 0) return std::nullopt;
  if (quick_bytes <= plain_bytes) return Trial{quick.predictor, true};
  if (predicted_bytes < plain_bytes) return Trial{predicted.predictor, false};
  return Trial{};
}

}  // namespace terrazzo::io
