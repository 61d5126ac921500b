#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_point(const Call& call) {
  const auto query = query_of<PointQuery>(call);
  const auto found =
      call.site.maps.point(keys_of(call), {query.lon, query.lat}, call.context);
  const Json native{{"x", found.native.x}, {"y", found.native.y}, {"crs", found.crs}};
  return json_answer({{"value", found.value ? Json(*found.value) : Json{}},
                      {"native", native},
                      {"label", found.label}});
}

Json describe_point(const maps::Maps& maps) {
  return operation_of<PointQuery>(
      maps, json_responses("The value there, null if there is none; where that is in the "
                           "raster's own system; the class it belongs to",
                           Json{{"type", "object"}}));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/point/{keys:path}", "The value of a dataset at one place.", answer_point,
     describe_point},
};

}  // namespace

extern const RouteKind route_point;
const RouteKind route_point{"point", "Values at places.", Cors::metadata, endpoints};

}  // namespace terrazzo::http
