#include <limits>

#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_datasets(const Call& call) {
  const auto query = query_of<DatasetsQuery>(call);
  const std::int64_t limit = query.limit;
  // Fewer than asked for would be taken for the last ones.
  if (limit > most_datasets)
    throw invalid("limit is {}; the most is {}: ask page by page", limit, most_datasets);
  const maps::Maps& maps = call.site.maps;
  catalog::Query find{.where = filters_of(maps, query.rest),
                      .page = static_cast<std::uint64_t>(query.page),
                      .limit = static_cast<std::uint64_t>(limit)};
  const bool is_beyond =
      limit == 0 || query.page > std::numeric_limits<std::int64_t>::max() / limit;
  Json datasets = Json::array();
  if (!is_beyond)
    for (const catalog::Record& record : maps.catalog().find(find, call.context))
      datasets.push_back(keys_object(maps, record.keys));
  return json_answer(
      {{"page", query.page}, {"limit", limit}, {"datasets", std::move(datasets)}});
}

Json describe_datasets(const maps::Maps& maps) {
  Json operation = operation_of<DatasetsQuery>(
      maps, json_responses("Keys of the datasets, in order", schema_ref("Dataset")));
  add_key_filters(operation, maps);
  return operation;
}

constexpr Endpoint endpoints[] = {
    {"GET", "/datasets", "Keys of all datasets that fit the filters, page by page.",
     answer_datasets, describe_datasets},
};

}  // namespace

extern const RouteKind route_datasets;
const RouteKind route_datasets{"datasets", "Which datasets there are.", Cors::metadata,
                               endpoints};

}  // namespace terrazzo::http
