#include <algorithm>
#include <sstream>

#include "terrazzo/http/openapi.hpp"
#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

constexpr std::size_t most_facet_values = 50;
constexpr std::size_t most_words = 16;  // each looks at every key of every dataset

bool is_key(const maps::Maps& maps, std::string_view name) {
  const auto& names = maps.catalog().key_names();
  return std::ranges::find(names, name, &catalog::KeyName::name) != names.end();
}

// A word "band:B04" filters by a key; every other word is looked for in all values.
void add_words(const maps::Maps& maps, const std::string& words, catalog::Query& find) {
  std::istringstream stream{words};
  std::size_t count = 0;
  for (std::string word; stream >> word;) {
    if (++count > most_words)
      throw invalid("a search has at most {} words; 'q' has more", most_words);
    const auto colon = word.find(':');
    const std::string name = word.substr(0, colon);
    if (colon == word.npos || !is_key(maps, name)) {
      find.text += (find.text.empty() ? "" : " ") + word;
      continue;
    }
    const auto known =
        std::ranges::find(find.where, name, [](const auto& w) { return w.first; });
    auto& values = known == find.where.end()
                       ? find.where.emplace_back(name, std::vector<std::string>{}).second
                       : known->second;
    values.push_back(word.substr(colon + 1));
  }
}

// The key that holds when a dataset was taken, by its name; empty if none sounds so.
std::string time_key(const maps::Maps& maps) {
  for (const auto& key : maps.catalog().key_names()) {
    const std::string name = lower_case(key.name);
    for (const auto word : {"date", "time", "day", "month", "year", "acqui"})
      if (name.find(word) != name.npos) return key.name;
  }
  return {};
}

Json dataset_object(const maps::Maps& maps, const catalog::Record& record) {
  Json out{{"keys", keys_object(maps, record.keys)}};
  const auto& data = record.metadata;
  // The second and the second last of the 99.
  constexpr std::size_t low = 1;
  constexpr std::size_t high = 97;
  out["bounds"] = data ? box_list(data->bounds) : Json{};
  out["range"] = data ? Json{data->low, data->high} : Json{};
  out["valid_percentage"] = data ? Json(data->valid_percentage) : Json{};
  out["percentiles"] =
      data ? Json{data->percentiles[low], data->percentiles[high]} : Json{};
  out["footprint"] = data ? polygon_object(data->convex_hull) : Json{};
  return out;
}

Json facets_object(const Call& call, const catalog::Query& find) {
  const maps::Maps& maps = call.site.maps;
  auto counts = maps.catalog().facets(find, most_facet_values, call.context);
  Json out = Json::object();
  for (const auto& key : maps.catalog().key_names()) {
    Json values = Json::array();
    for (const auto& [value, count] : counts[key.name])
      values.push_back({{"value", value}, {"count", count}});
    out[key.name] = std::move(values);
  }
  return out;
}

Response answer_search(const Call& call) {
  const auto query = query_of<SearchQuery>(call);
  const maps::Maps& maps = call.site.maps;
  catalog::Query find{.where = filters_of(maps, query.rest), .with_metadata = true};
  find.bounds = query.bbox;
  add_words(maps, query.q, find);
  const std::uint64_t total = maps.catalog().count(find, call.context);
  Json facets = facets_object(call, find);
  find.page = static_cast<std::uint64_t>(query.page);
  find.limit = static_cast<std::uint64_t>(query.limit);
  Json datasets = Json::array();
  const bool is_beyond = query.limit == 0 || find.page > total;
  if (query.sort == "newest") find.last_first = time_key(maps);
  if (!is_beyond)
    for (const auto& record : maps.catalog().find(find, call.context))
      datasets.push_back(dataset_object(maps, record));
  return json_answer({{"total", total},
                      {"page", query.page},
                      {"limit", query.limit},
                      {"datasets", std::move(datasets)},
                      {"facets", std::move(facets)}});
}

Json describe_search(const maps::Maps& maps) {
  Json operation = operation_of<SearchQuery>(
      maps,
      json_responses("Datasets with their extent, and how many have which key values",
                     Json{{"type", "object"}}));
  add_key_filters(operation, maps);
  return operation;
}

constexpr Endpoint endpoints[] = {
    {"GET", "/search", "Datasets by words, key values and place.", answer_search,
     describe_search},
};

}  // namespace

extern const RouteKind route_search;
const RouteKind route_search{"search", "Finding datasets.", Cors::metadata, endpoints};

}  // namespace terrazzo::http
