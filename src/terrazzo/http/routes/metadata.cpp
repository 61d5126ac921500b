#include <algorithm>

#include "terrazzo/http/openapi.hpp"
#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

using Columns = std::optional<std::vector<std::string>>;

Json metadata_object(const maps::Maps& maps, const catalog::Record& record,
                     const Columns& columns) {
  const catalog::Metadata& data = record.metadata.value();
  Json all{{"keys", keys_object(maps, record.keys)},
           {"bounds", box_list(data.bounds)},
           {"convex_hull", polygon_object(data.convex_hull)},
           {"valid_percentage", data.valid_percentage},
           {"range", {data.low, data.high}},
           {"mean", data.mean},
           {"stdev", data.stdev},
           {"percentiles", data.percentiles},
           {"metadata", data.user}};
  if (!columns) return all;
  Json some = Json::object();
  for (auto& [name, value] : all.get_ref<Json::object_t&>())
    if (name == "keys" || std::ranges::find(*columns, name) != columns->end())
      some[name] = std::move(value);
  return some;
}

Response answer_metadata(const Call& call) {
  const auto query = query_of<MetadataQuery>(call);
  const maps::Maps& maps = call.site.maps;
  const catalog::Record record = maps.record(keys_of(call), call.context);
  return json_answer(metadata_object(maps, record, query.columns));
}

bool is_json(std::string_view content_type) {
  const std::string type =
      lower_case(trimmed(content_type.substr(0, content_type.find(';'))));
  return type == "application/json" ||
         (type.starts_with("application/") && type.ends_with("+json"));
}

Response answer_metadata_of_many(const Call& call) {
  const maps::Maps& maps = call.site.maps;
  const auto body = python_json(call.request.body);
  if (!is_json(call.request.header("content-type")) || !body) return status_page(400);
  if (!body->is_object()) throw invalid("Request body must be a JSON object");
  const auto asked = read_body<MetadataBody>(*body, limits_of(maps));
  const auto query = query_of<MetadataQuery>(call);
  const auto most = maps.settings().max_post_metadata_keys;
  if (asked.keys.size() > static_cast<std::size_t>(most))
    throw invalid(
        "Maximum number of keys exceeded ({}). This limit can be configured in the "
        "server settings.",
        most);
  Json all = Json::array();
  for (const catalog::Keys& keys : asked.keys) {
    call.context.check();
    all.push_back(metadata_object(maps, maps.record(keys, call.context), query.columns));
  }
  return json_answer(all);
}

Json describe_metadata(const maps::Maps& maps) {
  return operation_of<MetadataQuery>(
      maps, json_responses("What is known of the dataset", schema_ref("Metadata")));
}

Json describe_metadata_of_many(const maps::Maps& maps) {
  const Json list{{"type", "array"}, {"items", schema_ref("Metadata")}};
  Json operation = operation_of<MetadataQuery>(
      maps, json_responses("What is known of the datasets, in the order asked", list));
  const Json keys = type_schema<std::vector<std::vector<std::string>>>();
  const Json schema{{"type", "object"},
                    {"required", Json::array({"keys"})},
                    {"properties", {{"keys", keys}}},
                    {"additionalProperties", false}};
  operation["requestBody"] = {{"required", true},
                              {"content", {{"application/json", {{"schema", schema}}}}}};
  return operation;
}

constexpr Endpoint endpoints[] = {
    {"GET", "/metadata/{keys:path}", "Extent, statistics and user metadata of a dataset.",
     answer_metadata, describe_metadata},
    {"POST", "/metadata", "The same for several datasets.", answer_metadata_of_many,
     describe_metadata_of_many},
};

}  // namespace

extern const RouteKind route_metadata;
const RouteKind route_metadata{"metadata", "What is known of datasets.", Cors::metadata,
                               endpoints};

}  // namespace terrazzo::http
