#include "listen.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "settings.hpp"
#include "terrazzo/base/pool.hpp"

namespace terrazzo::app {
namespace {

constexpr std::size_t default_queue = 4096;

std::size_t or_else(int value, std::size_t otherwise) {
  return value > 0 ? static_cast<std::size_t>(value) : otherwise;
}

// An address that a browser on this machine can open.
std::string url_of(const std::string& address, std::uint16_t port) {
  const bool everywhere = address == "0.0.0.0" || address == "::";
  const bool is_ipv6 = !everywhere && address.find(':') != std::string::npos;
  const auto host = everywhere ? "127.0.0.1" : is_ipv6 ? "[" + address + "]" : address;
  return fmt::format("http://{}:{}/", host, port);
}

}  // namespace

void set_ports(http::ServerOptions& options, int port, PortRange range) {
  options.port = port == 0 ? range.first : static_cast<std::uint16_t>(port);
  options.last_port = port == 0 ? range.last : 0;
}

int run_server(const Listen& listen, const std::stop_token& stop) {
  if (environment("TESTING")) return 0;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  Pool pool{or_else(listen.threads, cores), or_else(listen.max_queue, default_queue)};
  http::Server server{listen.options, listen.handler, pool};
  if (listen.watch) listen.watch(server);
  const std::stop_callback on_stop{stop, [&server] { server.stop(); }};
  listen.greet(url_of(listen.options.address, server.port()));
  server.run();
  return 0;
}

}  // namespace terrazzo::app
