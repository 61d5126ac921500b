#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_rgb(const Call& call) {
  auto query = query_of<RgbQuery>(call);
  auto request = picture_request<maps::RgbRequest>(call, query.tile_size);
  request.bands = {query.r, query.g, query.b};
  request.stretches = {query.r_range.value_or(maps::Stretch{}),
                       query.g_range.value_or(maps::Stretch{}),
                       query.b_range.value_or(maps::Stretch{})};
  request.color_transform = std::move(query.color_transform);
  return picture_answer(call, call.site.maps.rgb(request, call.context));
}

Json describe_rgb(const maps::Maps& maps) {
  return operation_of<RgbQuery>(maps, picture_responses());
}

constexpr Endpoint endpoints[] = {
    {"GET", "/rgb/{keys:path}/{tile_z:int}/{tile_x:int}/{tile_y:int}.{format:word}",
     "Tile of three datasets as red, green and blue.", answer_rgb, describe_rgb},
    {"GET", "/rgb/{keys:path}/preview.{format:word}", "Picture of three whole datasets.",
     answer_rgb, describe_rgb},
    {"GET", "/rgb/{tile_z:int}/{tile_x:int}/{tile_y:int}.{format:word}",
     "Tile of three datasets where one key is all there is.", answer_rgb, describe_rgb},
    {"GET", "/rgb/preview.{format:word}",
     "Picture of three datasets where one key is all there is.", answer_rgb,
     describe_rgb},
};

}  // namespace

extern const RouteKind route_rgb;
const RouteKind route_rgb{"rgb", "Pictures of three datasets in true or false colour.",
                          Cors::tiles, endpoints};

}  // namespace terrazzo::http
