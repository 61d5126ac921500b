#pragma once
// What a picture can be written as. One format is one file of picture_formats/.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/kinds.hpp"
#include "terrazzo/data/color.hpp"
#include "terrazzo/data/geo.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::io {

// rows x cols samples a plane. One plane: 0 is transparent.
// Three (red, green, blue): black is.
template <class T>
struct DrawingOf {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::vector<std::vector<T>> planes{};
};

struct Drawing : DrawingOf<std::uint8_t> {
  // Of one plane: what its samples mean, 256 colours; grey if it is empty.
  std::vector<Color> palette{};
};
using DeepDrawing = DrawingOf<std::uint16_t>;

// Numbers as they were read or computed.
struct Values {
  std::vector<const Image*> bands{};  // one shape; band 0 of each; masks apart
  Box box{};                          // of the picture, in web mercator
};

struct EncodeOptions {
  int deflate_level = 1;  // 0..9, of PNG
  int quality = 80;       // 1..100, of JPEG and WebP
};

// One of draw, draw_deep and write is there: it says what the format is made from. They
// throw invalid_input: the planes do not fit together; too_large: the format has no room
// for so many pixels.
struct PictureFormat {
  static constexpr std::string_view what = "picture format";
  std::string_view name;                      // the usual end of paths: "jpeg"
  std::span<const std::string_view> aliases;  // other ends: "tiff"
  std::string_view type;                      // "image/jpeg"
  std::string_view summary;                   // one sentence
  std::string (*draw)(const Drawing&, const EncodeOptions&) = nullptr;
  std::string (*draw_deep)(const DeepDrawing&, const EncodeOptions&) = nullptr;
  std::string (*write)(const Values&) = nullptr;
};

// One row for each file of picture_formats/.
Kinds<PictureFormat> picture_format_kinds();

// Null: no format has such a name or alias.
const PictureFormat* find_picture_format(std::string_view name) noexcept;

// "jpeg, npy, png …": all names, without aliases.
std::string picture_format_names();

using Bytes = std::vector<std::uint8_t>;

// Throws invalid_input: planes, palette and sizes do not fit together.
void check_planes(const Drawing& drawing);

// Four bytes a pixel; colours under alpha 0 are black.
Bytes rgba_of(const Drawing& drawing);

// Whether some pixel is not opaque.
bool shows_through(std::span<const std::uint8_t> rgba) noexcept;

// The type that holds the numbers of all bands, as numpy promotes them.
ElementType common_type(std::span<const Image* const> bands);

// Throws too_large: a side is over `most`, which is what `format` has room for.
void check_sides(std::string_view format, std::size_t rows, std::size_t cols,
                 std::size_t most);

}  // namespace terrazzo::io
