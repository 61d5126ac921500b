#pragma once
// What was read becomes a picture in some format. Nobody outside this folder includes
// this.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "terrazzo/io/picture_format.hpp"
#include "terrazzo/maps/requests.hpp"
#include "terrazzo/maps/state.hpp"
#include "terrazzo/raster/stretch.hpp"

namespace terrazzo::maps {

// How values are shown. Formats of values (npy) show them as they are.
struct Look {
  std::vector<raster::Range> ranges{};  // of each band; none for classes
  bool in_one_step = false;             // rounds as raster::stretch_once
  std::optional<std::string> transform{};
  std::optional<std::string> colormap{};
  std::optional<ExplicitColors> classes{};
};

// Throws not_found, naming what there is: no format has such a name.
const io::PictureFormat& format_of(const std::string& name);

// Throws invalid_input: colours are asked for and the format has none.
void check_look(const Look& look, const io::PictureFormat& format);

// Everything of it that changes the picture, as text for keys of caches.
std::string describe_look(const Look& look, const io::PictureFormat& format,
                          const Maps::State& state);

// values: one band or three. Their box is for formats of values.
// Throws invalid_input: no such colour map, a transform that is none; too_large, timeout,
// cancelled.
std::string encoded(const io::Values& values, const Look& look,
                    const io::PictureFormat& format, const Maps::State& state,
                    const Context& context);

// All transparent, or black in formats that cannot be. A PNG keeps the default size,
// whatever was asked for, and takes the rows of that size for its width: as Terracotta
// does. Not for formats of values.
std::string empty_picture(const TileSize& size, const io::PictureFormat& format,
                          const Maps::State& state);

}  // namespace terrazzo::maps
