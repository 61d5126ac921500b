#include "terrazzo/http/answer.hpp"

#include <algorithm>
#include <array>

#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

struct StatusText {
  int status;
  std::string_view reason;
  std::string_view sentence;  // on its page
};

constexpr std::array statuses{
    StatusText{100, "Continue", ""},
    StatusText{200, "OK", ""},
    StatusText{204, "No Content", ""},
    StatusText{206, "Partial Content", ""},
    StatusText{304, "Not Modified", ""},
    StatusText{308, "Permanent Redirect", ""},
    StatusText{
        400, "Bad Request",
        "The browser (or proxy) sent a request that this server could not understand."},
    StatusText{403, "Forbidden", "This is not allowed."},
    StatusText{
        404, "Not Found",
        "The requested URL was not found on the server. If you entered the URL manually "
        "please check your spelling and try again."},
    StatusText{405, "Method Not Allowed",
               "The method is not allowed for the requested URL."},
    StatusText{408, "Request Timeout", "The request took too long to arrive."},
    StatusText{409, "Conflict", "The request does not fit what is there."},
    StatusText{413, "Request Entity Too Large",
               "The data value transmitted exceeds the capacity limit."},
    StatusText{
        414, "Request URI Too Large",
        "The length of the requested URL exceeds the capacity limit for this server."},
    StatusText{416, "Requested Range Not Satisfiable",
               "The server cannot provide the requested range."},
    StatusText{422, "Unprocessable Entity", "The data cannot be used."},
    StatusText{431, "Request Header Fields Too Large",
               "One or more header fields exceeds the maximum size."},
    StatusText{499, "Client Closed Request", "The client went away."},
    StatusText{500, "Internal Server Error",
               "The server encountered an internal error and was unable to complete your "
               "request."},
    StatusText{501, "Not Implemented", "The server does not support this."},
    StatusText{503, "Service Unavailable",
               "The server is busy and cannot answer now. Please try again later."},
    StatusText{504, "Gateway Timeout", "The answer took longer than the server allows."},
};

const StatusText* find_status(int status) noexcept {
  const auto found = std::ranges::find(statuses, status, &StatusText::status);
  return found == statuses.end() ? nullptr : &*found;
}

}  // namespace

std::string_view reason(int status) noexcept {
  const StatusText* text = find_status(status);
  return text == nullptr ? "Unknown" : text->reason;
}

Response json_answer(const Json& body, int status) {
  Response response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return response;
}

Response message_answer(int status, std::string_view message) {
  return json_answer({{"message", message}}, status);
}

Response status_page(int status) {
  const StatusText* text = find_status(status);
  Response response;
  response.status = status;
  response.type = html_type;
  response.body = fmt::format(
      "<!doctype html>\n<html lang=en>\n<title>{} {}</title>\n<h1>{}</h1>\n<p>{}</p>\n",
      status, reason(status), reason(status), text == nullptr ? "" : text->sentence);
  return response;
}

Response redirect_page(const std::string& location) {
  Response response;
  response.status = 308;
  response.type = html_type;
  const std::string shown = html_escaped(location);
  response.body = fmt::format(
      "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n"
      "<h1>Redirecting...</h1>\n<p>You should be redirected automatically to the target "
      "URL: "
      "<a href=\"{}\">{}</a>. If not, click the link.\n",
      shown, shown);
  set_header(response, "Location", location);
  return response;
}

Response error_answer(const Error& error) {
  const ErrorFacts& facts = error_facts(error.kind());
  Response response = message_answer(facts.http_status, error.message());
  if (facts.http_status == 503) set_header(response, "Retry-After", "1");
  return response;
}

void set_header(Response& response, std::string_view name, std::string value) {
  response.headers.emplace_back(name, std::move(value));
}

}  // namespace terrazzo::http
