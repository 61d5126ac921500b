#pragma once

#include <string_view>

#include "terrazzo/http/message.hpp"

namespace terrazzo::http {

// The page at "/"; 404 for clients that do not ask for a page. api_url: the server whose
// data it shows, empty for this one.
Response explorer_page(const Request& request, std::string_view api_url);

// A file beside the page, by the request's path.
Response explorer_file(const Request& request);

}  // namespace terrazzo::http
