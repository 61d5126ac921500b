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
  std::latch entered{1};
  std::atomic<int> begun{0};
  Running server{[&](const Request& asked, const Context& context) {
                   if (++begun == 1) entered.count_down();
                   while (!context.stop.stop_requested())
                     std::this_thread::sleep_for(1ms);
                   return echo(asked, context);
                 },
                 options, 1};
  Client running{server.port()};
  running.send(request);
  entered.wait();
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.push_back(std::make_unique<Client>(server.port()));
    waiting.back()->send(request);
  }
  while (server->figures().in_flight < 6) std::this_thread::sleep_for(1ms);
  CHECK(!server.stop());
  while (server->figures().in_flight > 0) std::this_thread::sleep_for(1ms);
  CHECK(begun == 1);
}

TEST_CASE("what clients that have left were waiting for is not begun") {
  ServerOptions options;
  options.io_threads = 1;
  std::latch entered{1};
  std::atomic<int> begun{0};
  Running server{[&](const Request& asked, const Context& context) {
                   if (++begun == 1) entered.count_down();
                   while (!context.stop.stop_requested())
                     std::this_thread::sleep_for(1ms);
                   return echo(asked, context);
                 },
                 options, 1};
  auto running = std::make_unique<Client>(server.port());
  running->send(request);
  entered.wait();
  std::vector<std::unique_ptr<Client>> waiting;
  for (int i = 0; i < 5; ++i) {
    waiting.push_back(std::make_unique<Client>(server.port()));
    waiting.back()->send(request);
  }
  while (server->figures().in_flight < 6) std::this_thread::sleep_for(1ms);
  waiting.clear();
  running.reset();
  while (server->figures().in_flight > 0) std::this_thread::sleep_for(1ms);
  CHECK(begun == 1);
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
