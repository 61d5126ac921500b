#include "terrazzo/http/server.hpp"

#include <atomic>
#include <latch>
#include <optional>
#include <thread>

#include <doctest/doctest.h>

#include "support/http_server.hpp"
#include "terrazzo/base/error.hpp"

using namespace terrazzo;
using namespace terrazzo::http;
using namespace terrazzo::http::testing;
using namespace std::chrono_literals;

TEST_CASE("a connection is kept for further requests") {
  Running server;
  Client client{server.port()};
  for (int i = 0; i < 3; ++i) {
    const std::string answer = client.get("/a%20b?x=1");
    CHECK(starts(answer, 200));
    CHECK(answer.ends_with("\r\n\r\nGET /a b "));
    CHECK(answer.find("Date: ") != answer.npos);
  }
  CHECK(server->figures().connections == 1);
}

TEST_CASE("requests sent without waiting are answered in their order") {
  Running server;
  Client client{server.port()};
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  client.send(all);
  for (int i = 0; i < 20; ++i)
    CHECK(client.answer().ends_with(fmt::format("GET /{} ", i)));
}

TEST_CASE("a client that has nothing more to ask still gets its answers") {
  Running server;
  Client client{server.port()};
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  client.end_sending();
  CHECK(client.answer().ends_with("GET /1 "));
  CHECK(client.answer().ends_with("GET /2 "));
  CHECK(client.is_closed());
}

TEST_CASE("HTTP/1.0 and Connection: close end the connection") {
  Running server;
  Client old{server.port()};
  old.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(starts(old.answer(), 200));
  CHECK(old.is_closed());
  Client last{server.port()};
  last.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(last.answer().find("Connection: close") != std::string::npos);
  CHECK(last.is_closed());
}

TEST_CASE("HEAD has the headers of GET and no body") {
  Running server;
  Client client{server.port()};
  client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answer = client.answer(true);
  CHECK(answer.find("Content-Length: 10\r\n") != answer.npos);
  CHECK(answer.ends_with("\r\n\r\n"));
  CHECK(client.get("/next").ends_with("GET /next "));
}

TEST_CASE("bodies come with a length, in chunks, and after 100 Continue") {
  Running server;
  Client client{server.port()};
  client.send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(client.answer().ends_with("POST /a abc"));
  client.send(
      "POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  CHECK(client.answer().ends_with("POST /b abcde"));
  client.send(
      "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.answer() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  CHECK(client.answer().ends_with("POST /c hi"));
}

TEST_CASE("what is no HTTP is refused and the connection closed") {
  Running server;
  for (const auto text :
       {"nonsense\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nbad header\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",  // no Host
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
        "chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n"}) {
    CAPTURE(text);
    Client client{server.port()};
    client.send(text);
    CHECK(starts(client.answer(), 400));
    CHECK(client.is_closed());
  }
}

TEST_CASE("heads, addresses and bodies over their limits are refused") {
  ServerOptions options;
  options.max_header_bytes = 2000;
  options.max_body_bytes = 100;
  Running server{echo, options};
  const auto refusal = [&](const std::string& text) {
    Client client{server.port()};
    client.send(text);
    const std::string answer = client.answer();
    CHECK(client.is_closed());
    return answer;
  };
  const std::string long_text(3000, 'a');
  CHECK(starts(refusal("GET /" + long_text + " HTTP/1.1\r\nHost: x\r\n\r\n"), 414));
  CHECK(
      starts(refusal("GET / HTTP/1.1\r\nHost: x\r\nA: " + long_text + "\r\n\r\n"), 431));
  CHECK(starts(
      refusal("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + long_text),
      413));
  CHECK(starts(refusal("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "65\r\n" +
                       long_text.substr(0, 101) + "\r\n0\r\n\r\n"),
               413));
  Client client{server.port()};
  CHECK(starts(client.get("/" + long_text.substr(0, 1500)), 200));
}

TEST_CASE("clients that say nothing are let go, those that are too slow get 408") {
  ServerOptions options;
  options.idle_timeout = 0.2;
  options.header_timeout = 0.3;
  options.body_timeout = 0.3;
  Running server{echo, options};
  Client silent{server.port()};
  Client slow{server.port()};
  slow.send("GET / HT");
  Client slow_body{server.port()};
  slow_body.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab");
  CHECK(silent.is_closed());
  CHECK(starts(slow.answer(), 408));
  CHECK(slow.is_closed());
  CHECK(starts(slow_body.answer(), 408));
  CHECK(slow_body.is_closed());
}

namespace {

// Its only thread has a request and its queue another, until they are released.
class FullServer {
 public:
  explicit FullServer(const QuickHandler& quick = {})
      : server_{[this](const Request& request, const Context& context) {
                  ++entered_;
                  release_.wait();
                  return echo(request, context);
                },
                {},
                1,
                1,
                quick},
        running_{server_.port()},
        waiting_{server_.port()} {
    running_.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
    while (entered_ == 0) std::this_thread::sleep_for(1ms);
    waiting_.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    while (server_->figures().in_flight < 2) std::this_thread::sleep_for(1ms);
  }

  std::uint16_t port() { return server_.port(); }
  ServerFigures figures() { return server_->figures(); }

  // Both are answered after all.
  void release() {
    release_.count_down();
    CHECK(running_.answer().ends_with("GET /1 "));
    CHECK(waiting_.answer().ends_with("GET /2 "));
  }

 private:
  std::latch release_{1};
  std::atomic<int> entered_{0};
  Running server_;
  Client running_;
  Client waiting_;
};

}  // namespace

TEST_CASE("a full queue is answered with 503 at once") {
  FullServer server;
  Client refused{server.port()};
  const std::string answer = refused.get("/3");
  CHECK(starts(answer, 503));
  CHECK(answer.find("Retry-After: 1\r\n") != answer.npos);
  CHECK(server.figures().rejected == 1);
  server.release();
  CHECK(starts(refused.get("/4"), 200));
}

TEST_CASE("what is at hand is answered while every thread is busy and the queue full") {
  const auto head = std::make_shared<const std::string>("HTTP/1.1 200 OK\r\nETag: x\r\n");
  FullServer server{[&](const RequestView& request) -> std::optional<ReadyAnswer> {
    if (request.target != "/kept?a=%20") return std::nullopt;
    return ReadyAnswer{head,
                       fmt::format("{} {}", request.method, request.header("HOST"))};
  }};
  Client hit{server.port()};
  const std::string answer = hit.get("/kept?a=%20");
  CHECK(answer.starts_with("HTTP/1.1 200 OK\r\nETag: x\r\nContent-Length: 5\r\nDate: "));
  CHECK(answer.ends_with("\r\n\r\nGET x"));
  hit.send("HEAD /kept?a=%20 HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n");
  const std::string old = hit.answer(true);
  CHECK(old.find("Content-Length: 6\r\n") != old.npos);
  CHECK(old.ends_with("Connection: keep-alive\r\n\r\n"));
  CHECK(starts(hit.get("/3"), 503));
  server.release();
}

TEST_CASE("a thousand requests at once are answered in their order, at hand or not") {
  const auto head = std::make_shared<const std::string>("HTTP/1.1 200 OK\r\n");
  const auto quick = [&](const RequestView& request) -> std::optional<ReadyAnswer> {
    if (request.target.ends_with("7")) return std::nullopt;
    return ReadyAnswer{head, fmt::format("GET {} ", request.target)};
  };
  Running server{echo, {}, 2, 1000, quick};
  Client client{server.port()};
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  client.send(all);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(client.answer().ends_with(fmt::format("GET /{} ", i)));
}

TEST_CASE("stop() lets running requests finish, then the server ends") {
  std::latch release{1};
  std::latch entered{1};
  Running server{[&](const Request& request, const Context& context) {
    entered.count_down();
    release.wait();
    return echo(request, context);
  }};
  Client idle{server.port()};
  Client running{server.port()};
  running.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  entered.wait();
  server->stop();
  CHECK(idle.is_closed());
  CHECK(server->figures().draining);
  while (Client{server.port()}.connected()) std::this_thread::sleep_for(1ms);
  release.count_down();
  const std::string answer = running.answer();
  CHECK(answer.ends_with("GET /1 "));
  CHECK(answer.find("Connection: close") != answer.npos);
  CHECK(server.stop());
}

TEST_CASE("requests that outlast the drain are stopped") {
  ServerOptions options;
  options.drain_timeout = 0.1;
  std::latch entered{1};
  Running server{[&](const Request& request, const Context& context) {
                   entered.count_down();
                   while (!context.stop.stop_requested())
                     std::this_thread::sleep_for(1ms);
                   return echo(request, context);
                 },
                 options};
  Client client{server.port()};
  client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  entered.wait();
  CHECK(!server.stop());
  CHECK(client.is_closed());
}

TEST_CASE("the work of a client that went away is stopped") {
  std::promise<bool> stopped;
  Running server{[&](const Request& request, const Context& context) {
    const auto patience = std::chrono::steady_clock::now() + 4s;
    while (!context.stop.stop_requested() && std::chrono::steady_clock::now() < patience)
      std::this_thread::sleep_for(5ms);
    stopped.set_value(context.stop.stop_requested());
    return echo(request, context);
  }};
  {
    Client client{server.port()};
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while (server->figures().in_flight == 0) std::this_thread::sleep_for(1ms);
  }
  CHECK(stopped.get_future().get());
}

TEST_CASE("a request knows when its time is over, waiting included") {
  ServerOptions options;
  options.request_timeout = 5;
  Running server{[&](const Request&, const Context& context) {
                   const auto left = context.deadline - Context::Clock::now();
                   Response response;
                   response.body = std::string{left > 3s && left <= 5s ? "good" : "bad"};
                   return response;
                 },
                 options};
  CHECK(Client{server.port()}.get("/").ends_with("good"));
}

TEST_CASE("a handler that throws is answered with 500") {
  Running server{[](const Request&, const Context&) -> Response { throw 1; }};
  Client client{server.port()};
  CHECK(starts(client.get("/"), 500));
  CHECK(starts(client.get("/"), 500));
}

TEST_CASE("large answers reach slow readers whole, and headers stay one line each") {
  Running server{[](const Request&, const Context&) {
    Response response;
    response.body = std::string(std::size_t{8} << 20, 'x');
    response.headers = {{"Location", "/a\r\nSet-Cookie: evil"}};
    return response;
  }};
  Client client{server.port()};
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(100ms);
  const std::string answer = client.answer();
  CHECK(answer.size() > (std::size_t{8} << 20));
  CHECK(answer.find("Location: /a  Set-Cookie: evil\r\n") != answer.npos);
}

TEST_CASE("200 clients at once are all served") {
  Running server;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 200; ++i)
    clients.push_back(std::make_unique<Client>(server.port()));
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients) client->send("GET /x HTTP/1.1\r\nHost: x\r\n\r\n");
    for (const auto& client : clients) REQUIRE(client->answer().ends_with("GET /x "));
  }
  CHECK(server->figures().connections == 200);
}

TEST_CASE("a taken port is an error, and a range gives its first free one") {
  Running server;
  Pool pool{1, 1};
  ServerOptions options;
  options.port = server.port();
  try {
    const Server second{options, echo, pool};
    FAIL("two servers have one port");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::unavailable);
  }
  options.last_port = static_cast<std::uint16_t>(std::min(65535, options.port + 50));
  if (options.last_port > options.port) {
    const Server second{options, echo, pool};
    CHECK(second.port() > server.port());
  }
}

TEST_CASE("an address is one of this machine, or localhost") {
  Pool pool{1, 1};
  const auto kind_for = [&](const std::string& address) -> std::optional<ErrorKind> {
    try {
      const Server server{{.address = address}, echo, pool};
      return std::nullopt;
    } catch (const Error& e) {
      CHECK(e.message().find(address) != std::string::npos);
      return e.kind();
    }
  };
  CHECK(kind_for("localhost") == std::nullopt);
  CHECK(kind_for("127.0.0.1") == std::nullopt);
  CHECK(kind_for("192.0.2.1") == ErrorKind::invalid_input);  // of documentation only
  CHECK(kind_for("maps.example") == ErrorKind::invalid_input);
  CHECK(kind_for("127.0.0.1:80") == ErrorKind::invalid_input);
}

TEST_CASE("a server that never ran gives its port back") {
  Pool pool{1, 1};
  std::uint16_t port = 0;
  {
    const Server server{{}, echo, pool};
    port = server.port();
    CHECK(port != 0);
  }
  ServerOptions options;
  options.port = port;
  CHECK(Server{options, echo, pool}.port() == port);
}
