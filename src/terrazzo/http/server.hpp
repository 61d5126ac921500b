#pragma once
// HTTP/1.1 on a listening socket. Knows requests, answers and time limits; nothing of
// what is asked for.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "terrazzo/base/context.hpp"
#include "terrazzo/http/message.hpp"

namespace terrazzo {
class Pool;
}

namespace terrazzo::http {

// Called from the pool's threads, several at once. Throws nothing: it answers.
using Handler = std::function<Response(const Request&, const Context&)>;

// Called before that, from the threads that serve connections, for requests without a
// body. Nothing: the Handler is to answer. It must not wait for anything. Throws nothing.
using QuickHandler = std::function<std::optional<ReadyAnswer>(const RequestView&)>;

// Times are in seconds.
struct ServerOptions {
  std::string address = "127.0.0.1";  // or IPv6, "localhost"; "0.0.0.0" is everywhere
  std::uint16_t port = 0;             // 0: the system picks one
  std::uint16_t last_port = 0;        // above port: the first free one of port..last_port
  std::size_t io_threads = 0;         // 0: one per processor, 2 to 4
  std::size_t max_header_bytes = std::size_t{64} << 10;  // 431, or 414 if the URL alone
  std::size_t max_body_bytes = std::size_t{1} << 20;     // 413
  std::size_t max_connections = 10'000;                  // 503 beyond
  double idle_timeout = 75;      // between requests of a connection
  double header_timeout = 10;    // from the first byte to the end of the head; then 408
  double body_timeout = 30;      // for the whole body; then 408
  double write_timeout = 60;     // without a byte taken by the client
  double request_timeout = 30;   // until Context::deadline, waiting in the queue included
  double drain_timeout = 20;     // for requests after stop(); then no others begin
  bool stop_on_signals = false;  // SIGINT and SIGTERM call stop()
};

// What the server is doing right now.
struct ServerFigures {
  std::size_t connections = 0;
  std::size_t in_flight = 0;   // waiting for a thread or being answered
  std::uint64_t rejected = 0;  // 503: queue full or too many connections, so far
  bool draining = false;
};

// Reads requests, has them answered on `pool` and writes the answers in order. A full
// queue is answered with 503 at once; a client that goes away stops its Context.
// HEAD answers are sent without their body; "Expect: 100-continue" is honoured.
class Server {
 public:
  // Listens at once. Throws unavailable: every port of the range is taken. denied: the
  // system does not let us. invalid_input: the address is not one of this machine.
  Server(const ServerOptions& options, Handler handler, Pool& pool,
         QuickHandler quick = {});
  ~Server();  // as stop(), waiting for nobody
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const noexcept;

  // Serves until stop(), then until running requests are answered or drain_timeout has
  // passed. True if every request was answered. Call it once.
  bool run();

  // From any thread, any number of times: accept nobody else, answer what is running.
  void stop() noexcept;

  ServerFigures figures() const noexcept;
  // figures(), to be called also after the server has gone.
  std::function<ServerFigures()> watcher() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace terrazzo::http
