#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_histogram(const Call& call) {
  const auto query = query_of<HistogramQuery>(call);
  const auto found = call.site.maps.histogram(
      keys_of(call), static_cast<std::size_t>(query.bins), call.context);
  return json_answer({{"low", found.low},
                      {"high", found.high},
                      {"counts", found.counts},
                      {"valid", found.valid},
                      {"total", found.total}});
}

Json describe_histogram(const maps::Maps& maps) {
  return operation_of<HistogramQuery>(
      maps, json_responses("Counts of equal steps over the dataset's range, from at most "
                           "1024 x 1024 pixels",
                           Json{{"type", "object"}}));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/histogram/{keys:path}", "How often which values are.", answer_histogram,
     describe_histogram},
};

}  // namespace

extern const RouteKind route_histogram;
const RouteKind route_histogram{"histogram", "How values are spread.", Cors::metadata,
                                endpoints};

}  // namespace terrazzo::http
