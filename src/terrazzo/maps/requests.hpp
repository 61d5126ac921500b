#pragma once
// What a caller can ask of the maps, typed, whatever protocol it came by.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/data/color.hpp"
#include "terrazzo/data/tile_grid.hpp"

namespace terrazzo::maps {

// A bound of a stretch: nothing = the dataset's own minimum or maximum, a number, or
// percentile N as "pN" (element N of the percentiles, from 0: Terracotta's counting).
struct Percentile {
  std::uint64_t number = 0;
};
using Bound = std::variant<std::monostate, double, Percentile>;
using Stretch = std::array<Bound, 2>;

struct TileSize {
  std::size_t rows = 256;
  std::size_t cols = 256;
};

using ExplicitColors =
    std::vector<std::pair<double, Color>>;  // value -> colour, in order

// What all pictures share. No tile: the preview of the whole dataset.
struct PictureRequest {
  std::optional<TileId> tile{};
  std::optional<TileSize> size{};  // none: the setting default_tile_size
  std::string format = "png";      // a name or alias of io::picture_format_kinds()
};

struct SinglebandRequest : PictureRequest {
  catalog::Keys keys{};
  Stretch stretch{};
  std::optional<std::string> colormap{};  // none: grey
  std::optional<ExplicitColors> explicit_colors{};
  std::optional<std::string> color_transform{};
};

struct RgbRequest : PictureRequest {
  catalog::Keys keys{};                // all but the last
  std::array<std::string, 3> bands{};  // values of the last key: red, green, blue
  std::array<Stretch, 3> stretches{};
  std::optional<std::string> color_transform{};
};

struct ComputeRequest : PictureRequest {
  catalog::Keys keys{};  // all but the last
  std::string expression{};
  std::map<std::string, std::string, std::less<>>
      operands{};  // v1 -> value of the last key
  std::array<double, 2> stretch{};
  std::optional<std::string> colormap{};
};

struct Histogram {
  double low = 0;
  double high = 0;
  std::vector<std::uint64_t> counts{};
  std::uint64_t valid = 0;  // pixels looked at that are valid
  std::uint64_t total = 0;  // pixels looked at
};

struct PointValue {
  std::optional<double> value{};  // none: outside, or no data there
  Point native{};                 // in the raster's own system
  std::string crs{};              // its name, "EPSG:32633"
  std::string label{};            // of the class, if there are classes
};

struct ClassEntry {
  double value = 0;
  std::string label{};
  std::optional<Color> color{};
  std::optional<double> share{};  // 0..1 of the valid pixels
};

}  // namespace terrazzo::maps
