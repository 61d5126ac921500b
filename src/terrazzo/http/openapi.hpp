#pragma once
// Parts of the OpenAPI 3.0.3 document, and the document itself.

#include <string_view>

#include "terrazzo/http/call.hpp"
#include "terrazzo/http/route.hpp"

namespace terrazzo::http {

// Clients of Terracotta compare the first two parts of info.version with their own.
inline constexpr std::string_view terracotta_version = "0.9.1";

// Of JSON that fits the schema, with the errors that the route can answer.
Json json_responses(std::string_view description, Json schema);
Json picture_responses();
Json text_responses(std::string_view description, std::string_view type);

// {"parameters": …, "responses": …} with the query parameters of Q.
template <class Q>
Json operation_of(const maps::Maps& maps, Json responses) {
  return {{"parameters", query_parameters<Q>(limits_of(maps))},
          {"responses", std::move(responses)}};
}

// One query parameter for each key of the catalogue, to filter by.
void add_key_filters(Json& operation, const maps::Maps& maps);

// Reference to a schema of components/schemas.
Json schema_ref(std::string_view name);

Json openapi_document(Kinds<RouteKind> routes, const maps::Maps& maps);

}  // namespace terrazzo::http
