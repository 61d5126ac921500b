#include <webp/encode.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/encoder.hpp"

namespace terrazzo::io {
namespace {

void check(const BlockShape& shape) {
  const bool colors = shape.samples == 3 || shape.samples == 4;
  if (shape.bits != 8 || shape.format != SampleFormat::unsigned_integer || !colors)
    throw failure(ErrorKind::unsupported,
                  "WEBP holds 3 or 4 bands of unsigned bytes; these are {} of {} bits",
                  shape.samples, shape.bits);
}

std::vector<std::byte> encode(std::span<const std::byte> samples, const BlockShape& shape,
                              const Effort& effort) {
  check(shape);
  const auto* pixels = reinterpret_cast<const std::uint8_t*>(samples.data());
  const auto cols = static_cast<int>(shape.cols);
  const auto rows = static_cast<int>(shape.rows);
  const auto stride = static_cast<int>(shape.row_bytes());
  WebPConfig config;
  WebPPicture picture;
  if (WebPConfigInit(&config) == 0 || WebPPictureInit(&picture) == 0)
    throw failure(ErrorKind::internal, "libwebp is of another version");
  config.quality = static_cast<float>(effort.quality);
  config.lossless = effort.lossless ? 1 : 0;
  config.exact = config.lossless;  // colours of transparent pixels stay
  picture.use_argb = config.lossless;
  picture.width = cols;
  picture.height = rows;
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  const bool done =
      (shape.samples == 3 ? WebPPictureImportRGB(&picture, pixels, stride)
                          : WebPPictureImportRGBA(&picture, pixels, stride)) != 0 &&
      WebPEncode(&config, &picture) != 0;
  const auto* first = reinterpret_cast<const std::byte*>(writer.mem);
  std::vector<std::byte> bytes{first, first + (done ? writer.size : 0)};
  WebPPictureFree(&picture);
  WebPMemoryWriterClear(&writer);
  if (!done) throw failure(ErrorKind::internal, "a WEBP block cannot be made");
  return bytes;
}

}  // namespace

extern const EncoderKind encoder_webp;
const EncoderKind encoder_webp{"WEBP", 50001, false, true, encode, nullptr};

}  // namespace terrazzo::io
