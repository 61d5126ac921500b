#pragma once
// What the server needs besides its sockets.

#include <cstddef>
#include <string>

#include "terrazzo/base/context.hpp"
#include "terrazzo/http/message.hpp"

namespace terrazzo::http {

// Status line and headers of an answer, the blank line included. keeps: the connection
// stays open.
std::string head_of(const Response& response, bool keeps, bool is_http_1_0);

// Held within 0 and a year.
Context::Clock::duration seconds(double count) noexcept;

// As many open files as the system lets this process have.
void raise_file_limit() noexcept;

// 0: one per processor, 2 to 4.
std::size_t io_thread_count(std::size_t wanted) noexcept;

}  // namespace terrazzo::http
