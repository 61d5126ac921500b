// JPEG has no transparency: what shows through is black.
#include "terrazzo/base/error.hpp"
#include "terrazzo/io/jpeg_writer.hpp"
#include "terrazzo/io/picture_format.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_pixels_across = 65'500;  // JPEG_MAX_DIMENSION

// Over black.
Bytes rgb_of(const Drawing& drawing) {
  const Bytes rgba = rgba_of(drawing);
  Bytes rgb(rgba.size() / 4 * 3);
  for (std::size_t i = 0; i < rgba.size() / 4; ++i)
    for (std::size_t band = 0; band < 3; ++band)
      rgb[3 * i + band] =
          static_cast<std::uint8_t>((rgba[4 * i + band] * rgba[4 * i + 3] + 127) / 255);
  return rgb;
}

std::string draw(const Drawing& drawing, const EncodeOptions& options) {
  check_sides("JPEG", drawing.rows, drawing.cols, most_pixels_across);
  check_planes(drawing);
  const bool is_grey = drawing.planes.size() == 1 && drawing.palette.empty();
  const JpegShape shape{.rows = drawing.rows,
                        .cols = drawing.cols,
                        .samples = is_grey ? std::size_t{1} : std::size_t{3},
                        .colors = is_grey ? JpegColors::grey : JpegColors::rgb,
                        .quality = options.quality};
  return jpeg_file(shape, is_grey ? drawing.planes[0] : rgb_of(drawing));
}

}  // namespace

extern const PictureFormat picture_format_jpeg;
const PictureFormat picture_format_jpeg{.name = "jpeg",
                                        .aliases = {},
                                        .type = "image/jpeg",
                                        .summary = "JPEG; black where there is no data.",
                                        .draw = draw};

}  // namespace terrazzo::io
