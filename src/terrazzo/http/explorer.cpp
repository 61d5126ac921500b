#include "terrazzo/http/explorer.hpp"

#include <string>

#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/app.hpp"
#include "terrazzo/http/assets.hpp"
#include "terrazzo/http/text.hpp"
#include "terrazzo/http/transfer.hpp"

namespace terrazzo::http {
namespace {

constexpr std::string_view how_to_build =
    "<!doctype html>\n<html lang=en>\n<title>Terrazzo</title>\n<h1>Terrazzo</h1>\n"
    "<p>The server runs; this build is without the explorer. To have it, run "
    "<code>npm ci</code> and <code>npm run build</code> in <code>web/</code>, then build "
    "again.</p>\n<p>The API: <a href=apidoc>documentation</a>, "
    "<a href=swagger.json>OpenAPI</a>.</p>\n";

bool wants_page(const Request& request) {
  const std::string accepted = lower_case(request.header("accept"));
  return accepted.find("text/html") != accepted.npos ||
         accepted.find("*/*") != accepted.npos;
}

// "https://host:5000" of "https://host:5000/prefix".
std::string_view origin_of(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == url.npos) return {};
  return url.substr(0, url.find('/', scheme_end + 3));
}

Response unbuilt_page() {
  Response response;
  response.type = html_type;
  response.body = std::string{how_to_build};
  return response;
}

}  // namespace

Response explorer_page(const Request& request, std::string_view api_url) {
  if (!wants_page(request)) return status_page(404);
  const Asset* page = find_asset(web_assets(), "index.html");
  Response response = page == nullptr ? unbuilt_page() : asset_answer(request, *page);
  set_header(response, "Vary", "Accept");
  set_header(response, "Content-Security-Policy", page_policy(origin_of(api_url)));
  return response;
}

Response explorer_file(const Request& request) {
  const Asset* asset = find_asset(web_assets(), request.path.substr(1));
  if (asset == nullptr) return status_page(404);
  Response response = asset_answer(request, *asset);
  // A worker has the policy of its own file, not the page's.
  set_header(response, "Content-Security-Policy", page_policy(""));
  return response;
}

ExplorerApp::ExplorerApp(std::string api_url) : api_url_(std::move(api_url)) {}

Response ExplorerApp::operator()(const Request& request,
                                 const Context& /*context*/) const {
  try {
    if (request.method != "GET" && request.method != "HEAD") {
      Response refused = status_page(405);
      set_header(refused, "Allow", "GET, HEAD");
      return refused;
    }
    Response response = explorer_file(request);
    if (request.path == "/") response = explorer_page(request, api_url_);
    if (request.path == "/explorer.json") response = json_answer({{"api", api_url_}});
    transfer(request, response);
    set_header(response, "X-Content-Type-Options", "nosniff");
    return response;
  } catch (const std::exception&) {
    return status_page(500);
  }
}

}  // namespace terrazzo::http
