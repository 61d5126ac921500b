#pragma once
// What HTTP does to a finished answer: conditions, ranges, compression.

#include <string_view>

#include "terrazzo/http/message.hpp"

namespace terrazzo::http {

// Does the header If-None-Match name the ETag (or "*")? Weak comparison, as for GET. An
// empty ETag never matches.
bool is_known(std::string_view if_none_match, std::string_view etag);

// 304 with the headers that a cache needs.
Response not_modified(std::string_view etag, std::string_view cache_control);

// For answers of status 200: 304 if the client has that ETag; one range as 206, or 416;
// JSON and text over 1 kB compressed with gzip if the client takes it.
void transfer(const Request& request, Response& response);

// Does Accept-Encoding name gzip, and not with q=0?
bool takes_gzip(const Request& request);

// Bytes as a gzip file.
std::string gzip(std::string_view bytes);

}  // namespace terrazzo::http
