#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_classes(const Call& call) {
  (void)query_of<NoQuery>(call);
  Json classes = Json::array();
  for (const auto& entry : call.site.maps.classes(keys_of(call), call.context))
    classes.push_back({{"value", entry.value},
                       {"label", entry.label},
                       {"color", entry.color ? Json(color_text(*entry.color)) : Json{}},
                       {"share", entry.share ? Json(*entry.share) : Json{}}});
  return json_answer({{"classes", std::move(classes)}});
}

Json describe_classes(const maps::Maps& maps) {
  return operation_of<NoQuery>(
      maps,
      json_responses("Values with their names, colours and shares; none if the dataset "
                     "has no classes",
                     Json{{"type", "object"}}));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/classes/{keys:path}", "The classes of a dataset.", answer_classes,
     describe_classes},
};

}  // namespace

extern const RouteKind route_classes;
const RouteKind route_classes{"classes", "What values stand for.", Cors::metadata,
                              endpoints};

}  // namespace terrazzo::http
