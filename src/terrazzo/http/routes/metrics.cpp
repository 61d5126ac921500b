#include "terrazzo/http/metrics.hpp"

#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_metrics(const Call& call) {
  const Site& site = call.site;
  Response response;
  response.type = Metrics::type;
  response.body =
      site.metrics.text(site.maps.budget().shares(),
                        site.figures ? std::optional{site.figures()} : std::nullopt);
  return response;
}

Json describe_metrics(const maps::Maps& maps) {
  return operation_of<NoQuery>(maps,
                               text_responses("Prometheus' text format", "text/plain"));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/metrics", "Counts, durations and memory for Prometheus.", answer_metrics,
     describe_metrics},
};

}  // namespace

extern const RouteKind route_metrics;
const RouteKind route_metrics{"metrics", "For monitoring.", Cors::none, endpoints};

}  // namespace terrazzo::http
