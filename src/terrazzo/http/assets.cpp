#include "terrazzo/http/assets.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/transfer.hpp"

namespace terrazzo::http {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> types{{
    {".html", html_type},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".wasm", "application/wasm"},
}};

// "index-C0ffee12.js": eight or more characters after the last dash of the name.
bool has_hash(std::string_view path) {
  constexpr std::size_t shortest_hash = 8;
  const auto dot = path.rfind('.');
  const auto dash = path.rfind('-', dot);
  const auto slash = path.rfind('/');
  if (dot == path.npos || dash == path.npos || (slash != path.npos && dash < slash))
    return false;
  return dot - dash > shortest_hash;
}

bool is_text(std::string_view type) {
  return type.starts_with("text/") || type == "application/json" ||
         type == "image/svg+xml";
}

// Compressed once; assets live as long as the program.
Body compressed(const Asset& asset) {
  static std::mutex mutex;
  static std::map<const Asset*, Body> done;
  const std::lock_guard lock{mutex};
  const auto found = done.find(&asset);
  if (found != done.end()) return found->second;
  return done.emplace(&asset, gzip(asset.bytes)).first->second;
}

}  // namespace

const Asset* find_asset(std::span<const Asset> assets, std::string_view path) {
  const auto found = std::ranges::find(assets, path, &Asset::path);
  return found == assets.end() ? nullptr : &*found;
}

std::string_view media_type(std::string_view path) {
  const auto found = std::ranges::find_if(
      types, [&](const auto& entry) { return path.ends_with(entry.first); });
  return found == types.end() ? "application/octet-stream" : found->second;
}

Response asset_answer(const Request& request, const Asset& asset) {
  const bool is_forever = has_hash(asset.path);
  const std::string_view caching =
      is_forever ? "public, max-age=31536000, immutable" : "no-cache";
  if (is_known(request.header("if-none-match"), asset.etag))
    return not_modified(asset.etag, caching);
  Response response;
  response.type = media_type(asset.path);
  set_header(response, "Cache-Control", std::string{caching});
  const bool is_compressed = is_text(response.type) && takes_gzip(request);
  if (is_text(response.type)) set_header(response, "Vary", "Accept-Encoding");
  if (is_compressed) {
    response.body = compressed(asset);
    set_header(response, "Content-Encoding", "gzip");
  } else {
    response.body = std::string{asset.bytes};
  }
  set_header(response, "ETag",
             fmt::format("{}{}", is_compressed ? "W/" : "", asset.etag));
  return response;
}

std::string page_policy(std::string_view connect_to) {
  return fmt::format(
      "default-src 'self'; img-src 'self' data: blob:{0}{1}; connect-src 'self'{0}{1}; "
      "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'",
      connect_to.empty() ? "" : " ", connect_to);
}

}  // namespace terrazzo::http
