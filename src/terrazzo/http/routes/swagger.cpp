#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_swagger(const Call& call) {
  return json_answer(openapi_document(route_kinds(), call.site.maps));
}

Json describe_swagger(const maps::Maps& maps) {
  return operation_of<NoQuery>(maps,
                               json_responses("OpenAPI 3.0.3", Json{{"type", "object"}}));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/swagger.json", "This API as OpenAPI.", answer_swagger, describe_swagger},
};

}  // namespace

extern const RouteKind route_swagger;
const RouteKind route_swagger{"swagger", "The API described for machines.", Cors::none,
                              endpoints};

}  // namespace terrazzo::http
