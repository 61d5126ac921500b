#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_colormap(const Call& call) {
  const auto query = query_of<ColormapQuery>(call);
  const auto [low, high] = query.stretch_range;
  const raster::ColorTable table = query.colormap
                                       ? *call.site.maps.colormaps().find(*query.colormap)
                                       : raster::grey_table();
  Json entries = Json::array();
  const auto count = static_cast<std::size_t>(query.num_values);
  for (const auto& [value, color] : raster::legend(low, high, count, table)) {
    const std::array<double, 4> rgba{
        static_cast<double>(color.r), static_cast<double>(color.g),
        static_cast<double>(color.b), static_cast<double>(color.a)};
    entries.push_back({{"value", value}, {"rgba", rgba}});
  }
  return json_answer({{"colormap", std::move(entries)}});
}

Json describe_colormap(const maps::Maps& maps) {
  return operation_of<ColormapQuery>(
      maps, json_responses("Values with their colours", schema_ref("Colormap")));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/colormap", "The legend of a colour map over a range.", answer_colormap,
     describe_colormap},
};

}  // namespace

extern const RouteKind route_colormap;
const RouteKind route_colormap{"colormap", "Which value has which colour.",
                               Cors::metadata, endpoints};

}  // namespace terrazzo::http
