#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/data/color.hpp"

namespace terrazzo::raster {

// Colours of the bytes 1..255; byte 0 is always transparent.
using ColorTable = std::array<Color, 255>;

// Colour maps by lower-case name: the built-in ones (matplotlib's, and `cloud`) and
// what the operator adds.
class Colormaps {
 public:
  Colormaps();                                          // the built-in ones
  void add(std::string name, const ColorTable& table);  // replaces one of that name
  const ColorTable* find(std::string_view name) const;  // null: no such map
  std::vector<std::string> names() const;               // sorted

 private:
  std::map<std::string, ColorTable, std::less<>> tables_;
};

// The file format of Terracotta's own colour maps: .npy, shape (255, 4), uint8.
// Throws corrupt_data: it is not that.
ColorTable color_table_from_npy(std::string_view bytes);

// Grey: byte i is (i, i, i, 255).
ColorTable grey_table();

struct LegendEntry {
  double value = 0;
  Color color{};
};

// `count` values evenly from low to high with the colour a tile with that stretch
// gives them. low > high is fine. count 0: empty; 1: low.
// Throws too_large: more than 2^20 values.
std::vector<LegendEntry> legend(double low, double high, std::size_t count,
                                const ColorTable& table);

}  // namespace terrazzo::raster
