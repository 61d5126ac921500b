#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

maps::ComputeRequest request_of(const Call& call, const ComputeQuery& query) {
  maps::ComputeRequest request;
  request.tile = tile_of(call);
  request.size = tile_size_of(query.tile_size);
  request.keys = keys_of(call);
  request.expression = query.expression;
  for (std::size_t i = 0; i < query.operands.size(); ++i)
    if (query.operands[i])
      request.operands[fmt::format("v{}", i + 1)] = *query.operands[i];
  request.stretch = query.stretch_range;
  request.colormap = query.colormap;
  return request;
}

Response answer_compute(const Call& call) {
  const auto query = query_of<ComputeQuery>(call);
  maps::ComputeRequest request = request_of(call, query);
  const maps::Maps& maps = call.site.maps;
  if (query.colormap == "explicit") {
    // A name that the parameter allows and no picture can have; other faults come first.
    request.colormap.reset();
    (void)maps.compute(request, call.context);
    throw invalid("Encountered invalid color map explicit");
  }
  return picture_answer(call, request, [&](const auto& asked) {
    return maps.compute(asked, call.context);
  });
}

Json describe_compute(const maps::Maps& maps) {
  return operation_of<ComputeQuery>(maps, picture_responses());
}

constexpr Endpoint endpoints[] = {
    {"GET", "/compute/{keys:path}/{tile_z:int}/{tile_x:int}/{tile_y:int}.png",
     "Tile of an expression over datasets.", answer_compute, describe_compute},
    {"GET", "/compute/{keys:path}/preview.png",
     "Picture of an expression over whole datasets.", answer_compute, describe_compute},
    {"GET", "/compute/{tile_z:int}/{tile_x:int}/{tile_y:int}.png",
     "Tile of an expression where one key is all there is.", answer_compute,
     describe_compute},
    {"GET", "/compute/preview.png",
     "Picture of an expression where one key is all there is.", answer_compute,
     describe_compute},
};

}  // namespace

extern const RouteKind route_compute;
const RouteKind route_compute{"compute", "Pictures of what is computed from datasets.",
                              Cors::tiles, endpoints};

}  // namespace terrazzo::http
