#pragma once

#include <cstdint>

#include "terrazzo/http/server.hpp"

namespace terrazzo::http {

struct Listener {
  int descriptor = -1;  // the caller closes it
  bool is_ipv6 = false;
  std::uint16_t port = 0;
};

// Listens on the address and the port, or the first free one of port..last_port.
// Throws invalid_input: not an IP address of this machine. denied: not allowed, as ports
// below 1024 often are. unavailable: no port is free.
Listener listen_in_range(const ServerOptions& options);

}  // namespace terrazzo::http
