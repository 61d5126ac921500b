#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/http/message.hpp"
#include "terrazzo/http/route.hpp"

namespace terrazzo::http {

// What a request's method and path lead to.
struct Match {
  const RouteKind* route = nullptr;    // null: no route has such a path
  const Endpoint* endpoint = nullptr;  // null: the path is known, the method is not
  std::map<std::string, std::string, std::less<>>
      path{};              // values of the pattern's names
  std::string allow{};     // "GET, HEAD, OPTIONS": methods of the path
  std::string redirect{};  // the path with single slashes, if that is known
};

// Finds endpoints by patterns of segments between slashes:
//   keys          itself
//   {name}        one segment that is not empty
//   {name:int}    one or more digits
//   {name:word}   one or more of a to z and 0 to 9
//   {name:path}   one segment or more, the first not empty
// Text and other names may stand beside a name in one segment: {y:int}.{format:word}.
// More literal segments win. As Werkzeug, which Terracotta's clients know: a slash at
// the end is part of the path, and a path that only its double slashes keep from being
// known is redirected to the one without.
class Router {
 public:
  explicit Router(Kinds<RouteKind> routes);

  Match find(std::string_view method, std::string_view path) const;

 private:
  struct Row {
    const RouteKind* route;
    const Endpoint* endpoint;
    std::vector<std::string_view> segments;
  };
  Match find_exactly(std::string_view method, std::string_view path) const;

  std::vector<Row> rows_;  // those with more literal segments first
};

}  // namespace terrazzo::http
