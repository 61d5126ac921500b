#pragma once
// What the server needs besides its sockets.

#include <cstddef>
#include <optional>
#include <string>

#include "terrazzo/base/context.hpp"
#include "terrazzo/http/message.hpp"

namespace terrazzo::http {

// How a connection goes on after an answer.
struct Manners {
  bool keeps = true;  // it stays open
  bool is_http_1_0 = false;
};

// Status line, type and headers of an answer, each line with its end: what of a head is
// the same for every connection. No Content-Length.
std::string head_lines(const Response& response);

// Appends what is missing: Content-Length if the answer has one, Date, Connection and the
// blank line.
void end_head(std::string& head, std::optional<std::size_t> length, Manners manners);

// The whole head of an answer, the blank line included.
std::string head_of(const Response& response, Manners manners);

// Held within 0 and a year.
Context::Clock::duration seconds(double count) noexcept;

// As many open files as the system lets this process have.
void raise_file_limit() noexcept;

// 0: one per processor, 2 to 4.
std::size_t io_thread_count(std::size_t wanted) noexcept;

}  // namespace terrazzo::http
