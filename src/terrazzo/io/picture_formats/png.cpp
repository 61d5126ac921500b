#include "terrazzo/io/png.hpp"

#include "terrazzo/io/picture_format.hpp"

namespace terrazzo::io {
namespace {

std::string draw(const Drawing& drawing, const EncodeOptions& options) {
  const auto [rows, cols] = std::pair{drawing.rows, drawing.cols};
  const auto& planes = drawing.planes;
  const int level = options.deflate_level;
  check_planes(drawing);
  if (planes.size() == 3)
    return png_rgb(planes[0], planes[1], planes[2], rows, cols, level);
  if (drawing.palette.empty()) return png_grey(planes[0], rows, cols, level);
  return png_palette(planes[0], rows, cols, drawing.palette, level);
}

}  // namespace

extern const PictureFormat picture_format_png;
const PictureFormat picture_format_png{.name = "png",
                                       .aliases = {},
                                       .type = "image/png",
                                       .summary = "8 bits: grey, palette or colours.",
                                       .draw = draw};

}  // namespace terrazzo::io
