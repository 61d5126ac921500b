#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

constexpr std::size_t samples = 32;

Response answer_colormaps(const Call& call) {
  (void)query_of<NoQuery>(call);
  const raster::Colormaps& colormaps = call.site.maps.colormaps();
  Json all = Json::object();
  auto& entries = all.get_ref<Json::object_t&>();
  for (const std::string& name : colormaps.names()) {
    const raster::ColorTable& table = *colormaps.find(name);
    Json colors = Json::array();
    for (std::size_t i = 0; i < samples; ++i)
      colors.push_back(color_text(table[i * (table.size() - 1) / (samples - 1)]));
    entries.emplace_back(name, std::move(colors));
  }
  return json_answer({{"colormaps", std::move(all)}});
}

Json describe_colormaps(const maps::Maps& maps) {
  const Json colors{{"type", "array"}, {"items", {{"type", "string"}}}};
  const Json by_name{{"type", "object"}, {"additionalProperties", colors}};
  const Json schema{{"type", "object"}, {"properties", {{"colormaps", by_name}}}};
  return operation_of<NoQuery>(
      maps, json_responses("32 colours of each colour map, first to last", schema));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/colormaps", "All colour maps in short.", answer_colormaps,
     describe_colormaps},
};

}  // namespace

extern const RouteKind route_colormaps;
const RouteKind route_colormaps{"colormaps", "Which colour maps there are.",
                                Cors::metadata, endpoints};

}  // namespace terrazzo::http
