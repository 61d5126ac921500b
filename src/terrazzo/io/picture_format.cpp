#include "terrazzo/io/picture_format.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "terrazzo/raster/expression_numbers.hpp"

namespace terrazzo::io {

const PictureFormat* find_picture_format(std::string_view name) noexcept {
  for (const PictureFormat* kind : picture_format_kinds())
    if (kind->name == name ||
        std::ranges::find(kind->aliases, name) != kind->aliases.end())
      return kind;
  return nullptr;
}

std::string picture_format_names() {
  std::string names;
  for (const PictureFormat* kind : picture_format_kinds())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", kind->name);
  return names;
}

void check_planes(const Drawing& drawing) {
  const std::size_t pixels = drawing.rows * drawing.cols;
  const bool is_color = drawing.planes.size() == 3 && drawing.palette.empty();
  const bool is_single = drawing.planes.size() == 1 &&
                         (drawing.palette.empty() || drawing.palette.size() == 256);
  if (!is_color && !is_single)
    throw invalid("{} planes with {} colours do not make a picture",
                  drawing.planes.size(), drawing.palette.size());
  for (const Bytes& plane : drawing.planes)
    if (plane.size() != pixels)
      throw invalid("{} samples do not make a plane of {} x {}", plane.size(),
                    drawing.rows, drawing.cols);
}

Bytes rgba_of(const Drawing& drawing) {
  check_planes(drawing);
  const std::size_t pixels = drawing.rows * drawing.cols;
  Bytes out(pixels * 4);
  if (drawing.planes.size() == 3) {
    for (std::size_t i = 0; i < pixels; ++i) {
      for (std::size_t band = 0; band < 3; ++band)
        out[4 * i + band] = drawing.planes[band][i];
      const int any = out[4 * i] | out[4 * i + 1] | out[4 * i + 2];
      out[4 * i + 3] = any != 0 ? 255 : 0;
    }
    return out;
  }
  std::array<std::array<std::uint8_t, 4>, 256> colors{};
  for (std::size_t i = 1; i < colors.size(); ++i) {
    const auto grey = static_cast<std::uint8_t>(i);
    const Color color =
        drawing.palette.empty() ? Color{grey, grey, grey, 255} : drawing.palette[i];
    if (color.a != 0) colors[i] = {color.r, color.g, color.b, color.a};
  }
  for (std::size_t i = 0; i < pixels; ++i)
    std::memcpy(&out[4 * i], colors[drawing.planes[0][i]].data(), 4);
  return out;
}

bool shows_through(std::span<const std::uint8_t> rgba) noexcept {
  std::uint8_t least = 255;
  for (std::size_t i = 3; i < rgba.size(); i += 4) least &= rgba[i];
  return least != 255;
}

ElementType common_type(std::span<const Image* const> bands) {
  using namespace raster::expressions;
  NumberType type = number_type(bands.front()->type());
  for (const Image* band : bands) type = promote(type, number_type(band->type()));
  return element_type_of(type);
}

void check_sides(std::string_view format, std::size_t rows, std::size_t cols,
                 std::size_t most) {
  if (rows == 0 || cols == 0)
    throw invalid("a picture of {} x {} pixels cannot be made", rows, cols);
  if (rows > most || cols > most)
    throw failure(ErrorKind::too_large,
                  "a picture of {} x {} pixels is too large for {}; its sides have up to "
                  "{}",
                  rows, cols, format, most);
}

}  // namespace terrazzo::io
