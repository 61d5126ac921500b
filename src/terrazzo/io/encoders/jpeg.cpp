// JPEG as TIFF's technical note 2 has it, as GDAL writes it: colours as YCbCr 4:2:0,
// quantization tables in tag 347, Huffman tables made for each block.
#include "terrazzo/base/error.hpp"
#include "terrazzo/io/encoder.hpp"
#include "terrazzo/io/jpeg_writer.hpp"

namespace terrazzo::io {
namespace {

constexpr std::uint16_t ycbcr = 6;
constexpr std::size_t most_samples = 4;

void check(const BlockShape& shape) {
  if (shape.bits != 8 || shape.format != SampleFormat::unsigned_integer ||
      shape.samples > most_samples)
    throw failure(ErrorKind::unsupported,
                  "JPEG holds 1 to {} bands of unsigned bytes; these are {} of {} bits",
                  most_samples, shape.samples, shape.bits);
}

JpegShape jpeg_shape(const BlockShape& shape, const Effort& effort) {
  check(shape);
  const bool is_color = shape.photometric == ycbcr;
  return {.rows = shape.rows,
          .cols = shape.cols,
          .samples = shape.samples,
          .colors = is_color ? JpegColors::rgb : JpegColors::unknown,
          .quality = effort.quality};
}

std::vector<std::byte> encode(std::span<const std::byte> samples, const BlockShape& shape,
                              const Effort& effort) {
  return jpeg_block(jpeg_shape(shape, effort), samples);
}

std::vector<std::byte> tables(const BlockShape& shape, const Effort& effort) {
  return jpeg_tables(jpeg_shape(shape, effort));
}

}  // namespace

extern const EncoderKind encoder_jpeg;
const EncoderKind encoder_jpeg{"JPEG", 7, false, true, encode, tables};

}  // namespace terrazzo::io
