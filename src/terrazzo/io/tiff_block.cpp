#include "terrazzo/io/tiff_block.hpp"

#include <algorithm>
#include <utility>

#include "terrazzo/io/samples.hpp"

namespace terrazzo::io {
namespace {

Block empty_block(const TiffImage& image, const BlockShape& shape) {
  Block block{.rows = shape.rows,
              .cols = shape.cols,
              .samples = shape.samples,
              .type = element_type_of(image)};
  return block;
}

std::size_t elements(const Block& block) {
  return block.rows * block.cols * block.samples;
}

template <class T>
std::span<T> as(std::vector<std::byte>& bytes) {
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

// Samples that are not elements yet: of 1 to 7 or 9 to 15 bits, floats of 16 or 24.
void unpack_into(Block& block, std::span<const std::byte> packed,
                 const BlockShape& shape) {
  block.bytes.resize(elements(block) * size_of(block.type));
  if (block.type == ElementType::float32)
    widen(packed, shape, as<float>(block.bytes));
  else if (block.type == ElementType::uint8)
    unpack(packed, shape, as<std::uint8_t>(block.bytes));
  else
    unpack(packed, shape, as<std::uint16_t>(block.bytes));
}

}  // namespace

void check_stored_size(const TiffImage& image, std::size_t block, std::uint64_t size) {
  const std::size_t decoded = image.shape_of(image.row_of_block(block)).bytes();
  if (size / 2 > decoded + (std::size_t{1} << 15U))
    throw failure(ErrorKind::corrupt_data,
                  "block {} of the TIFF has {} bytes for pixels of {} bytes", block, size,
                  decoded);
}

Block decode_block(const TiffImage& image, bool swapped, std::size_t down,
                   std::span<const std::byte> compressed) {
  const BlockShape shape = image.shape_of(down);
  const CodecKind* codec = find_codec(image.compression);
  if (codec == nullptr)
    throw failure(ErrorKind::unsupported, "TIFF compression {} cannot be read",
                  image.compression);
  Block block = empty_block(image, shape);
  std::vector<std::byte> samples(shape.bytes());
  codec->decode(compressed, samples, shape);
  const auto predictor =
      codec->takes_predictor ? Predictor{image.predictor} : Predictor::none;
  if (!codec->decodes_samples) restore_samples(samples, shape, predictor, swapped);
  if (static_cast<std::size_t>(shape.bits) == size_of(block.type) * 8)
    block.bytes = std::move(samples);
  else
    unpack_into(block, samples, shape);
  return block;
}

Block blank_block(const TiffImage& image, std::size_t down, double value) {
  Block block = empty_block(image, image.shape_of(down));
  block.bytes.resize(elements(block) * size_of(block.type));
  if (value == 0) return block;
  with_type(block.type, [&]<class T>(T) {
    std::ranges::fill(as<T>(block.bytes), static_cast<T>(value));
  });
  return block;
}

}  // namespace terrazzo::io
