#include "terrazzo/http/openapi.hpp"

#include <algorithm>

#include "terrazzo/http/text.hpp"
#include "terrazzo/io/picture_format.hpp"

#ifndef TERRAZZO_VERSION
#error "TERRAZZO_VERSION is set by CMakeLists.txt"
#endif

namespace terrazzo::http {
namespace {

Json number_schema() { return {{"type", "number"}}; }
Json string_schema() { return {{"type", "string"}}; }

Json list_schema(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json numbers_schema(std::size_t length) {
  Json schema = list_schema(number_schema());
  schema["minItems"] = schema["maxItems"] = length;
  return schema;
}

Json object_of(Json properties) {
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

// The keys of a dataset, by the names of this catalogue.
Json keys_schema(const maps::Maps& maps) {
  Json properties = Json::object();
  for (const auto& key : maps.catalog().key_names()) {
    Json schema = string_schema();
    if (!key.description.empty()) schema["description"] = key.description;
    properties[key.name] = std::move(schema);
  }
  return object_of(std::move(properties));
}

Json metadata_schema() {
  Json convex_hull{{"type", "object"}, {"description", "GeoJSON polygon"}};
  return object_of({{"keys", schema_ref("Keys")},
                    {"bounds", numbers_schema(4)},
                    {"convex_hull", std::move(convex_hull)},
                    {"valid_percentage", number_schema()},
                    {"range", numbers_schema(2)},
                    {"mean", number_schema()},
                    {"stdev", number_schema()},
                    {"percentiles", numbers_schema(99)},
                    {"metadata", {{"description", "Any JSON of the user's"}}}});
}

Json component_schemas(const maps::Maps& maps) {
  const Json entry = object_of({{"value", number_schema()}, {"rgba", numbers_schema(4)}});
  const Json key =
      object_of({{"key", string_schema()}, {"description", string_schema()}});
  const Json count{{"type", "integer"}};
  return {
      {"Keys", keys_schema(maps)},
      {"Message", object_of({{"message", string_schema()}})},
      {"KeyItem", key},
      {"Key", object_of({{"keys", list_schema(schema_ref("KeyItem"))}})},
      {"Dataset", object_of({{"page", count},
                             {"limit", count},
                             {"datasets", list_schema(schema_ref("Keys"))}})},
      {"ColormapEntry", entry},
      {"Colormap", object_of({{"colormap", list_schema(schema_ref("ColormapEntry"))}})},
      {"Metadata", metadata_schema()},
  };
}

// "/metadata/{keys:path}" to "/metadata/{keys}".
std::string openapi_path(std::string_view pattern) {
  std::string out;
  bool is_type = false;
  for (const char c : pattern) {
    is_type = c != '}' && (is_type || (c == ':' && out.find('{') != out.npos));
    if (!is_type) out.push_back(c);
  }
  return out;
}

std::string key_list_sentence(const maps::Maps& maps, bool without_last) {
  std::vector<std::string> names;
  for (const auto& key : maps.catalog().key_names()) names.push_back(key.name);
  if (without_last && !names.empty()) names.pop_back();
  return fmt::format("Key values of the dataset, between slashes: {}",
                     fmt::join(names, "/"));
}

Json format_schema() {
  Json names = Json::array();
  for (const io::PictureFormat* kind : io::picture_format_kinds())
    names.push_back(kind->name);
  return {{"type", "string"}, {"enum", std::move(names)}};
}

// "png: 8 bits …; webp: …"
std::string format_sentence() {
  std::string sentence = "What the picture is written as.";
  for (const io::PictureFormat* kind : io::picture_format_kinds())
    sentence += fmt::format(" {}: {}", kind->name, kind->summary);
  return sentence;
}

Json path_parameters(std::string_view pattern, const maps::Maps& maps) {
  Json out = Json::array();
  for (auto open = pattern.find('{'); open != pattern.npos;
       open = pattern.find('{', open + 1)) {
    const auto inner = pattern.substr(open + 1, pattern.find('}', open) - open - 1);
    const auto colon = inner.find(':');
    const auto name = inner.substr(0, colon);
    const bool is_number = colon != inner.npos && inner.substr(colon + 1) == "int";
    const bool is_combined =
        pattern.starts_with("/rgb") || pattern.starts_with("/compute");
    Json parameter{{"in", "path"}, {"name", name}, {"required", true}};
    parameter["schema"] =
        is_number ? Json{{"type", "integer"}, {"minimum", 0}} : string_schema();
    if (name == "format") {
      parameter["schema"] = format_schema();
      parameter["description"] = format_sentence();
    }
    if (name == "keys") parameter["description"] = key_list_sentence(maps, is_combined);
    out.push_back(std::move(parameter));
  }
  return out;
}

Json refusal(std::string_view description) {
  return {{"description", description},
          {"content", {{"application/json", {{"schema", schema_ref("Message")}}}}}};
}

void add_refusals(Json& responses) {
  responses["400"] = refusal("A parameter is wrong");
  responses["404"] = refusal("There is no such dataset");
  responses["503"] = refusal("The server is busy, or a file or the catalogue is away");
}

}  // namespace

Json schema_ref(std::string_view name) {
  return {{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

Json json_responses(std::string_view description, Json schema) {
  Json responses = Json::object();
  responses["200"] = {
      {"description", description},
      {"content", {{"application/json", {{"schema", std::move(schema)}}}}}};
  add_refusals(responses);
  return responses;
}

Json picture_responses() {
  const Json schema{{"type", "string"}, {"format", "binary"}};
  Json responses = Json::object();
  Json content = Json::object();
  for (const io::PictureFormat* kind : io::picture_format_kinds())
    content[std::string{kind->type}] = {{"schema", schema}};
  responses["200"] = {{"description", "The picture; transparent where there is no data"},
                      {"content", std::move(content)}};
  responses["304"] = {{"description", "The client has it already"}};
  add_refusals(responses);
  return responses;
}

Json text_responses(std::string_view description, std::string_view type) {
  Json content = Json::object();
  content[std::string{type}] = {{"schema", string_schema()}};
  Json responses = Json::object();
  responses["200"] = {{"description", description}, {"content", std::move(content)}};
  return responses;
}

void add_key_filters(Json& operation, const maps::Maps& maps) {
  for (const auto& key : maps.catalog().key_names()) {
    std::string sentence =
        fmt::format("Value of the key {}, or several as [a,b].", key.name);
    if (!key.description.empty()) sentence += " " + key.description;
    operation["parameters"].push_back({{"in", "query"},
                                       {"name", key.name},
                                       {"description", sentence},
                                       {"required", false},
                                       {"schema", string_schema()}});
  }
}

Json openapi_document(Kinds<RouteKind> routes, const maps::Maps& maps) {
  Json paths = Json::object();
  Json tags = Json::array();
  for (const RouteKind* route : routes) {
    bool is_listed = false;
    for (const Endpoint& endpoint : route->endpoints) {
      if (endpoint.describe == nullptr) continue;
      is_listed = true;
      Json operation{{"tags", Json::array({route->name})}, {"summary", endpoint.summary}};
      Json parameters = path_parameters(endpoint.pattern, maps);
      const Json details = endpoint.describe(maps);
      operation.update(details);
      for (const Json& parameter : details.value("parameters", Json::array()))
        parameters.push_back(parameter);
      operation["parameters"] = std::move(parameters);
      paths[openapi_path(endpoint.pattern)][lower_case(endpoint.method)] =
          std::move(operation);
    }
    if (is_listed)
      tags.push_back({{"name", route->name}, {"description", route->summary}});
  }
  Json info{{"title", "Terrazzo"},
            {"version", terracotta_version},
            {"description",
             "Raster catalogue and map tiles. The version is the one of "
             "Terracotta whose API this is."},
            {"x-terrazzo-version", TERRAZZO_VERSION}};
  return {{"openapi", "3.0.3"},
          {"info", std::move(info)},
          {"servers", Json::array({{{"url", "/"}}})},
          {"tags", std::move(tags)},
          {"paths", std::move(paths)},
          {"components", {{"schemas", component_schemas(maps)}}}};
}

}  // namespace terrazzo::http
