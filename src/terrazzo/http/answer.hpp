#pragma once
// Answers in the forms that clients of Terracotta know.

#include <string>
#include <string_view>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/http/message.hpp"

namespace terrazzo::http {

inline constexpr std::string_view html_type = "text/html; charset=utf-8";

// "Not Found"; "Unknown" for a status without a name.
std::string_view reason(int status) noexcept;

Response json_answer(const Json& body, int status = 200);

// {"message": "…"}
Response message_answer(int status, std::string_view message);

// A small page that says what the status means: what a browser gets for an address
// that is not there, or a body that cannot be read.
Response status_page(int status);

Response redirect_page(const std::string& location);

// The status of the error's kind and its message; "Retry-After" where trying again helps.
Response error_answer(const Error& error);

void set_header(Response& response, std::string_view name, std::string value);

}  // namespace terrazzo::http
