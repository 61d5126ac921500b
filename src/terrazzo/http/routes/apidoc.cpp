#include "terrazzo/http/assets.hpp"
#include "terrazzo/http/openapi.hpp"

namespace terrazzo::http {
namespace {

Response file_answer(const Call& call, std::string_view name) {
  const Asset* asset = find_asset(apidoc_assets(), name);
  if (asset == nullptr) return status_page(404);
  Response response = asset_answer(call.request, *asset);
  set_header(response, "Content-Security-Policy", page_policy(""));
  return response;
}

Response answer_page(const Call& call) { return file_answer(call, "apidoc.html"); }

Response answer_file(const Call& call) { return file_answer(call, call.path.at("file")); }

Json describe_page(const maps::Maps& maps) {
  return operation_of<NoQuery>(maps, text_responses("A page", "text/html"));
}

constexpr Endpoint endpoints[] = {
    {"GET", "/apidoc", "This API as a page.", answer_page, describe_page},
    {"GET", "/apidoc/{file}", "What the page needs.", answer_file, nullptr},
};

}  // namespace

extern const RouteKind route_apidoc;
const RouteKind route_apidoc{"apidoc", "The API described for people.", Cors::none,
                             endpoints};

}  // namespace terrazzo::http
