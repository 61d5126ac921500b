#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_keys(const Call& call) {
  (void)query_of<NoQuery>(call);
  Json keys = Json::array();
  for (const auto& [name, description] : call.site.maps.catalog().key_names()) {
    Json item{{"key", name}};
    if (!description.empty()) item["description"] = description;
    keys.push_back(std::move(item));
  }
  return json_answer({{"keys", std::move(keys)}});
}

Json describe_keys(const maps::Maps& maps) {
  return operation_of<NoQuery>(maps,
                               json_responses("All keys, in order", schema_ref("Key")));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/keys", "Names and descriptions of the keys.", answer_keys, describe_keys},
};

}  // namespace

extern const RouteKind route_keys;
const RouteKind route_keys{"keys", "What identifies a dataset.", Cors::metadata,
                           endpoints};

}  // namespace terrazzo::http
