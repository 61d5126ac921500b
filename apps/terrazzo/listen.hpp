#pragma once
// What `serve` and `connect` share: listening until a signal comes.

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "terrazzo/http/server.hpp"

namespace terrazzo::app {

struct PortRange {
  std::uint16_t first;
  std::uint16_t last;
};

struct Listen {
  http::ServerOptions options{};
  http::Handler handler{};
  http::QuickHandler quick{};                           // may be empty
  int threads = 0;                                      // 0: one per processor
  int max_queue = 0;                                    // 0: 4096
  std::function<void(const http::Server&)> watch{};     // before the first request
  std::function<void(const std::string& url)> greet{};  // "http://127.0.0.1:5000/"
  std::function<void()> abandon{};  // tidies up if the process ends amid requests
};

// port 0: the first free one of the range.
void set_ports(http::ServerOptions& options, int port, PortRange range);

// Answers until `stop`, then what is running; 0. If TESTING is set in the environment,
// returns before it listens. Requests that neither end in the drain time-out nor after
// they are told to stop are left as they are: the process ends here, with 0.
// Throws as http::Server.
int run_server(const Listen& listen, const std::stop_token& stop);

}  // namespace terrazzo::app
