#include "terrazzo/http/explorer.hpp"

#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response answer_page(const Call& call) { return explorer_page(call.request, ""); }

Response answer_config(const Call& /*call*/) { return json_answer({{"api", ""}}); }

Response answer_file(const Call& call) { return explorer_file(call.request); }

constexpr Endpoint endpoints[] = {
    {"GET", "/", "The explorer.", answer_page, nullptr},
    {"GET", "/explorer.json", "Which server the explorer asks.", answer_config, nullptr},
    {"GET", "/assets/{file:path}", "What the explorer needs.", answer_file, nullptr},
    {"GET", "/favicon.ico", "Its icon.", answer_file, nullptr},
    {"GET", "/favicon.svg", "Its icon.", answer_file, nullptr},
};

}  // namespace

extern const RouteKind route_explorer;
const RouteKind route_explorer{"explorer", "The page for people.", Cors::none, endpoints};

}  // namespace terrazzo::http
