#pragma once
// Files that are part of the program: the pages and what they need.

#include <span>
#include <string_view>

#include "terrazzo/http/message.hpp"

namespace terrazzo::http {

struct Asset {
  std::string_view path;  // "assets/index-C0ffee12.js"
  std::string_view etag;  // quoted
  std::string_view bytes;
};

std::span<const Asset> web_assets();     // the explorer; empty if it was not built
std::span<const Asset> apidoc_assets();  // the API's documentation

// Null: no such file.
const Asset* find_asset(std::span<const Asset> assets, std::string_view path);

// "text/html; charset=utf-8" for x.html; by the end of the name.
std::string_view media_type(std::string_view path);

// The file, compressed if the client takes it, with ETag and how long it may be kept:
// for ever if its name holds a hash, else only after asking.
Response asset_answer(const Request& request, const Asset& asset);

// Content-Security-Policy of pages: scripts, styles and pictures of this server only.
// connect_to: another origin whose data the page reads; may be empty.
std::string page_policy(std::string_view connect_to);

}  // namespace terrazzo::http
