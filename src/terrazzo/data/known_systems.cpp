#include "terrazzo/data/known_systems.hpp"

#include <charconv>

#include <fmt/format.h>

namespace terrazzo {
namespace {

constexpr int zones = 60;
constexpr int before_north = 32600;  // EPSG:32601 is zone 1
constexpr int before_south = 32700;

// 0: it is no code.
int code_in(std::string_view source) {
  constexpr std::string_view start = "EPSG:";
  if (!source.starts_with(start)) return 0;
  source.remove_prefix(start.size());
  int code = 0;
  const char* end = source.data() + source.size();
  const auto read = std::from_chars(source.data(), end, code);
  return read.ec == std::errc{} && read.ptr == end ? code : 0;
}

std::optional<KnownSystem> utm(int epsg, int zone, bool south) {
  if (zone < 1 || zone > zones) return std::nullopt;
  return KnownSystem{
      .epsg = epsg,
      .name = fmt::format("WGS 84 / UTM zone {}{}", zone, south ? 'S' : 'N'),
      .step =
          fmt::format("+proj=utm +zone={}{} +ellps=WGS84", zone, south ? " +south" : "")};
}

}  // namespace

std::optional<KnownSystem> known_system(std::string_view source) {
  const int code = code_in(source);
  if (code == 4326)
    return KnownSystem{.epsg = code,
                       .name = "WGS 84",
                       .geographic = true,
                       .step = "+proj=unitconvert +xy_in=rad +xy_out=deg"};
  if (code == 3857)
    return KnownSystem{
        .epsg = code,
        .name = "WGS 84 / Pseudo-Mercator",
        .step = "+proj=webmerc +lat_0=0 +lon_0=0 +x_0=0 +y_0=0 +ellps=WGS84"};
  if (code > before_south) return utm(code, code - before_south, true);
  return utm(code, code - before_north, false);
}

std::string pipeline(const KnownSystem& from, const KnownSystem& to) {
  if (from.epsg == to.epsg) return "+proj=noop";
  return fmt::format("+proj=pipeline +step +inv {} +step {}", from.step, to.step);
}

}  // namespace terrazzo
