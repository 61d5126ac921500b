#pragma once
// The systems on WGS 84 that most rasters and maps are in. PROJ's database says nothing
// of them that is not said here; opening it is half of what a first tile costs.

#include <optional>
#include <string>
#include <string_view>

namespace terrazzo {

struct KnownSystem {
  int epsg = 0;
  std::string name{};       // as in PROJ's database
  bool geographic = false;  // in degrees; the others are in metres
  std::string step{};       // of a PROJ pipeline: from radians of longitude and latitude
};

// "EPSG:4326", "EPSG:3857" and the zones of UTM; none: anything else.
std::optional<KnownSystem> known_system(std::string_view source);

// What PROJ finds for the way between two of them, x before y.
std::string pipeline(const KnownSystem& from, const KnownSystem& to);

}  // namespace terrazzo
