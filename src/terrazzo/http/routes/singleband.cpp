#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_singleband(const Call& call) {
  auto query = query_of<SinglebandQuery>(call);
  auto request = picture_request<maps::SinglebandRequest>(call, query.tile_size);
  if (query.stretch_range) request.stretch = *query.stretch_range;
  if (query.colormap == "explicit") {
    request.explicit_colors = std::move(query.explicit_color_map);
  } else {
    request.colormap = std::move(query.colormap);
  }
  request.color_transform = std::move(query.color_transform);
  return picture_answer(call, call.site.maps.singleband(request, call.context));
}

Json describe_singleband(const maps::Maps& maps) {
  return operation_of<SinglebandQuery>(maps, picture_responses());
}

constexpr Endpoint endpoints[] = {
    {"GET",
     "/singleband/{keys:path}/{tile_z:int}/{tile_x:int}/{tile_y:int}.{format:word}",
     "Tile of one dataset.", answer_singleband, describe_singleband},
    {"GET", "/singleband/{keys:path}/preview.{format:word}",
     "Picture of one whole dataset.", answer_singleband, describe_singleband},
};

}  // namespace

extern const RouteKind route_singleband;
const RouteKind route_singleband{"singleband", "Pictures of one dataset.", Cors::tiles,
                                 endpoints};

}  // namespace terrazzo::http
