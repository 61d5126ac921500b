#include <atomic>
#include <latch>
#include <thread>

#include <doctest/doctest.h>

#include "support/failing_memory.hpp"
#include "support/http_server.hpp"

using namespace terrazzo;
using namespace terrazzo::http;
using namespace terrazzo::http::testing;
using namespace std::chrono_literals;
using terrazzo::testing::fail_allocations;

namespace {

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// One request runs until it is stopped, five wait for its thread.
class BusyServer {
 public:
  explicit BusyServer(const ServerOptions& options)
      : server_{[this](const Request& asked, const Context& context) {
                  if (++begun_ == 1) entered_.count_down();
                  while (!context.stop.stop_requested()) std::this_thread::sleep_for(1ms);
                  return echo(asked, context);
                },
                options, 1} {
    add_client();
    entered_.wait();
    for (int i = 0; i < 5; ++i) add_client();
    while (server_->figures().in_flight < 6) std::this_thread::sleep_for(1ms);
  }

  Running* operator->() { return &server_; }

  // Those who wait first.
  void leave() {
    while (!clients_.empty()) clients_.pop_back();
  }

  // When nothing is under way any more.
  int begun() {
    while (server_->figures().in_flight > 0) std::this_thread::sleep_for(1ms);
    return begun_;
  }

 private:
  void add_client() {
    clients_.push_back(std::make_unique<Client>(server_.port()));
    clients_.back()->send(request);
  }

  std::latch entered_{1};
  std::atomic<int> begun_{0};
  Running server_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace

TEST_CASE("a request that drips in is late however often a byte comes") {
  ServerOptions options;
  options.header_timeout = 0.3;
  Running server{echo, options};
  Client client{server.port()};
  const std::string head = "GET / HTTP/1.1\r\nX: " + std::string(1000, 'a');
  for (std::size_t i = 0; i < head.size() && !client.has_answer(); ++i) {
    client.send(head.substr(i, 1));
    std::this_thread::sleep_for(2ms);
  }
  CHECK(starts(client.answer(), 408));
  CHECK(client.is_closed());
}

TEST_CASE("a request in time is not late for the one before it") {
  ServerOptions options;
  options.header_timeout = 1;
  options.body_timeout = 1;
  Running server{echo, options};
  Client client{server.port()};
  CHECK(starts(client.get("/"), 200));
  std::this_thread::sleep_for(700ms);
  client.send("GET / HTTP/1.1\r\n");  // still under way when the first one's time is over
  std::this_thread::sleep_for(500ms);
  client.send("Host: x\r\n\r\n");
  CHECK(starts(client.answer(), 200));
}

TEST_CASE("what is wrong after a HEAD request gets a page again") {
  Running server;
  Client client{server.port()};
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n");
  CHECK(starts(client.answer(true), 200));
  const std::string answer = client.answer();
  CHECK(starts(answer, 400));
  CHECK(answer.find("<h1>") != answer.npos);
}

TEST_CASE("connections over the limit are told so, and places become free again") {
  ServerOptions options;
  options.max_connections = 2;
  options.io_threads = 1;
  Running server{echo, options};
  auto first = std::make_unique<Client>(server.port());
  Client second{server.port()};
  CHECK(starts(first->get("/"), 200));
  CHECK(starts(second.get("/"), 200));
  Client third{server.port()};
  const std::string answer = third.get("/");
  CHECK(starts(answer, 503));
  CHECK(answer.find("Retry-After: 1\r\n") != answer.npos);
  CHECK(third.is_closed());
  first.reset();
  while (server->figures().connections > 1) std::this_thread::sleep_for(1ms);
  CHECK(starts(Client{server.port()}.get("/"), 200));
}

TEST_CASE("requests that wait when the drain is over are not begun") {
  ServerOptions options;
  options.drain_timeout = 0.1;
  BusyServer server{options};
  CHECK(!server->stop());
  CHECK(server.begun() == 1);
}

TEST_CASE("what clients that have left were waiting for is not begun") {
  ServerOptions options;
  options.io_threads = 1;
  BusyServer server{options};
  server.leave();
  CHECK(server.begun() == 1);
}

TEST_CASE("figures may be asked for when the server has gone") {
  Pool pool{1, 1};
  std::function<ServerFigures()> figures;
  {
    const Server server{{}, echo, pool};
    figures = server.watcher();
    CHECK(!figures().draining);
  }
  CHECK(figures().draining);
}

TEST_CASE("an answer is not lost when the memory runs out while it is handed on") {
  for (const int after : {0, 1, 2, 3, 4, 6, 8}) {
    CAPTURE(after);
    Running server{[after](const Request& asked, const Context& context) {
      Response response = echo(asked, context);
      fail_allocations(after, 3);
      return response;
    }};
    Client client{server.port()};
    const std::string answer = client.get("/");
    CHECK(starts(answer, 200));
    CHECK(server->figures().in_flight == 0);
  }
}

TEST_CASE("a handler without memory is answered with 500, and the connection is kept") {
  Running server{[](const Request& asked, const Context& context) {
    fail_allocations(0, 1);
    return echo(asked, context);
  }};
  Client client{server.port()};
  CHECK(starts(client.get("/"), 500));
  CHECK(starts(client.get("/"), 500));
}
