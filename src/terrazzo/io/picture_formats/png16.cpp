#include "terrazzo/io/picture_format.hpp"
#include "terrazzo/io/png.hpp"

namespace terrazzo::io {
namespace {

std::string draw_deep(const DeepDrawing& drawing, const EncodeOptions& options) {
  const auto& planes = drawing.planes;
  if (planes.size() == 1)
    return png_grey16(planes[0], drawing.rows, drawing.cols, options.deflate_level);
  if (planes.size() != 3) throw invalid("{} planes do not make a picture", planes.size());
  return png_rgb16(planes[0], planes[1], planes[2], drawing.rows, drawing.cols,
                   options.deflate_level);
}

}  // namespace

extern const PictureFormat picture_format_png16;
const PictureFormat picture_format_png16{.name = "png16",
                                         .aliases = {},
                                         .type = "image/png",
                                         .summary = "PNG of 16 bits: grey or colours.",
                                         .draw_deep = draw_deep};

}  // namespace terrazzo::io
