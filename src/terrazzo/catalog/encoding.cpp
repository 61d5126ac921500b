#include "terrazzo/catalog/encoding.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace terrazzo::catalog {
namespace {

// Beyond float32 it becomes infinite, as numpy has it.
float narrowed(double value) {
  constexpr double most = std::numeric_limits<float>::max();
  if (std::abs(value) > most)
    return std::copysign(std::numeric_limits<float>::infinity(),
                         static_cast<float>(value > 0 ? 1 : -1));
  return static_cast<float>(value);
}

Error damaged(std::string_view what) {
  return failure(ErrorKind::corrupt_data, "the stored {} cannot be read", what);
}

Ring ring_of(const Json& json) {
  Ring ring;
  for (const Json& point : json)
    ring.push_back({point.at(0).get<double>(), point.at(1).get<double>()});
  return ring;
}

}  // namespace

std::string percentiles_blob(const std::array<double, 99>& percentiles) {
  std::string blob;
  blob.reserve(percentiles.size() * sizeof(float));
  for (const double value : percentiles) {
    const auto bits = std::bit_cast<std::uint32_t>(narrowed(value));
    for (int shift = 0; shift < 32; shift += 8)
      blob += static_cast<char>((bits >> shift) & 0xff);
  }
  return blob;
}

std::array<double, 99> percentiles_of(std::string_view blob) {
  std::array<double, 99> percentiles{};
  if (blob.size() != percentiles.size() * sizeof(float)) throw damaged("percentiles");
  for (std::size_t i = 0; i < percentiles.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k)
      bits |= std::uint32_t{static_cast<unsigned char>(blob[i * 4 + k])} << (8 * k);
    percentiles[i] = double{std::bit_cast<float>(bits)};
  }
  return percentiles;
}

Json geojson(const Polygon& polygon) {
  Json rings = Json::array();
  for (const Ring& ring : polygon.rings) {
    Json points = Json::array();
    for (const Point& p : ring) points.push_back(Json::array({p.x, p.y}));
    rings.push_back(std::move(points));
  }
  return {{"type", "Polygon"}, {"coordinates", std::move(rings)}};
}

Polygon polygon_of(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("type") != "Polygon") throw damaged("convex hull");
    Polygon polygon;
    for (const Json& ring : json.at("coordinates"))
      polygon.rings.push_back(ring_of(ring));
    return polygon;
  } catch (const nlohmann::json::exception&) {
    throw damaged("convex hull");
  }
}

std::string json_text(const Json& json) {
  try {
    return json.dump();
  } catch (const nlohmann::json::exception&) {
    throw invalid("the metadata of the user hold text that is not UTF-8");
  }
}

Json json_of(std::string_view text) {
  if (text.empty()) return Json::object();
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception&) {
    throw damaged("metadata of the user");
  }
}

}  // namespace terrazzo::catalog
