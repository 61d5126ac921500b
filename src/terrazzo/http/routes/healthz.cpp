#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

// One row is read, so that a catalogue that is gone or broken shows.
Response answer_healthz(const Call& call) {
  if (call.site.figures && call.site.figures().draining)
    return json_answer({{"status", "draining"}}, 503);
  try {
    (void)call.site.maps.catalog().find({.limit = 1});
  } catch (const Error& e) {
    return json_answer({{"status", "no catalogue"}, {"message", e.message()}}, 503);
  }
  return json_answer({{"status", "ok"}});
}

Json describe_healthz(const maps::Maps& maps) {
  const Json schema{{"type", "object"}};
  return operation_of<NoQuery>(maps, json_responses("All is well", schema));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/healthz", "Is the server able to answer? 503 if not.", answer_healthz,
     describe_healthz},
};

}  // namespace

extern const RouteKind route_healthz;
const RouteKind route_healthz{"healthz", "For load balancers.", Cors::none, endpoints};

}  // namespace terrazzo::http
