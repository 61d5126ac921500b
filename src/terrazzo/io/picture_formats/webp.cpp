#include <webp/encode.h>

#include "terrazzo/io/picture_format.hpp"

namespace terrazzo::io {
namespace {

constexpr int fast = 1;  // of libwebp's methods 0 to 6

struct Output {
  WebPMemoryWriter writer{};
  Output() { WebPMemoryWriterInit(&writer); }
  ~Output() { WebPMemoryWriterClear(&writer); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
};

struct Input {
  WebPPicture picture{};
  Input() {
    if (WebPPictureInit(&picture) == 0)
      throw failure(ErrorKind::internal, "libwebp is of another version");
  }
  ~Input() { WebPPictureFree(&picture); }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
};

WebPConfig config_of(int quality) {
  WebPConfig config;
  if (WebPConfigInit(&config) == 0)
    throw failure(ErrorKind::internal, "libwebp is of another version");
  config.lossless = quality == 100 ? 1 : 0;
  config.quality =
      config.lossless != 0 ? 0 : static_cast<float>(quality);  // 0: least work
  config.method = fast;
  config.alpha_quality = 100;
  return config;
}

std::string draw(const Drawing& drawing, const EncodeOptions& options) {
  check_sides("WebP", drawing.rows, drawing.cols, WEBP_MAX_DIMENSION);
  const Bytes rgba = rgba_of(drawing);
  const WebPConfig config = config_of(options.quality);
  Output output;
  Input input;
  WebPPicture& picture = input.picture;
  picture.use_argb = config.lossless;
  picture.width = static_cast<int>(drawing.cols);
  picture.height = static_cast<int>(drawing.rows);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &output.writer;
  const auto import = shows_through(rgba) ? WebPPictureImportRGBA : WebPPictureImportRGBX;
  if (import(&picture, rgba.data(), picture.width * 4) == 0 ||
      WebPEncode(&config, &picture) == 0)
    throw failure(ErrorKind::internal, "a WebP cannot be written: error {} of libwebp",
                  static_cast<int>(picture.error_code));
  return {reinterpret_cast<const char*>(output.writer.mem), output.writer.size};
}

}  // namespace

extern const PictureFormat picture_format_webp;
const PictureFormat picture_format_webp{.name = "webp",
                                        .aliases = {},
                                        .type = "image/webp",
                                        .summary = "WebP with transparency.",
                                        .draw = draw};

}  // namespace terrazzo::io
