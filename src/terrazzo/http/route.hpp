#pragma once
// A route is a family of endpoints with one purpose. To add one, put one file into
// routes/: see routes/keys.cpp.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/kinds.hpp"
#include "terrazzo/http/message.hpp"
#include "terrazzo/http/server.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::http {

class Metrics;

// Which setting says whose pages may read the answers.
enum class Cors { none, metadata, tiles };

// What a route may look at besides the request.
struct Site {
  const maps::Maps& maps;
  Metrics& metrics;
  std::function<ServerFigures()> figures;  // empty: nobody serves
};

// A request that an endpoint was found for.
struct Call {
  const Request& request;
  const std::map<std::string, std::string, std::less<>>& path;  // by the pattern's names
  const Site& site;
  const Context& context;
};

struct Endpoint {
  std::string_view method;   // GET also answers HEAD
  std::string_view pattern;  // "/metadata/{keys:path}"; see router.hpp
  std::string_view summary;  // one sentence
  Response (*answer)(const Call& call);
  // The operation's parameters, body and answers as OpenAPI; null: not in the document.
  Json (*describe)(const maps::Maps& maps);
};

struct RouteKind {
  static constexpr std::string_view what = "route";
  std::string_view name;     // label of the metrics, tag in OpenAPI
  std::string_view summary;  // one sentence
  Cors cors;
  std::span<const Endpoint> endpoints;
};

// One row for each file of routes/.
Kinds<RouteKind> route_kinds();

}  // namespace terrazzo::http
