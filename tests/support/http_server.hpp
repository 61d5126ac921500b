#pragma once
// A server that runs for the length of a test, and clients of it by hand.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>
#include <utility>

#include "terrazzo/base/pool.hpp"
#include "terrazzo/http/server.hpp"

namespace terrazzo::http::testing {

// A connection by hand, so that tests can send what no client library would.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }

  void send(std::string_view bytes) const {
    (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void end_sending() const { ::shutdown(socket_, SHUT_WR); }

  // One answer: its head and as much body as it says.
  std::string answer(bool is_head = false) {
    while (buffer_.find("\r\n\r\n") == buffer_.npos)
      if (!receive()) return std::exchange(buffer_, {});
    const std::size_t head = buffer_.find("\r\n\r\n") + 4;
    const auto field = buffer_.find("Content-Length: ");
    std::size_t size = head;
    if (!is_head && field < head) size += std::stoul(buffer_.substr(field + 16));
    while (buffer_.size() < size && receive()) {
    }
    std::string found = buffer_.substr(0, size);
    buffer_.erase(0, found.size());
    return found;
  }

  std::string get(std::string_view path) {
    send(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    return answer();
  }

  // Has anything come that answer() would give?
  bool has_answer() {
    pollfd ready{socket_, POLLIN, 0};
    return !buffer_.empty() || ::poll(&ready, 1, 0) > 0;
  }

  // Does the server close within two seconds?
  bool is_closed() {
    while (receive()) {
    }
    return closed_;
  }

 private:
  bool receive() {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, 2000) <= 0) return false;
    char bytes[65536];
    const auto size = ::recv(socket_, bytes, sizeof bytes, 0);
    closed_ = size <= 0;
    if (size > 0) buffer_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  int socket_;
  bool connected_ = false;
  bool closed_ = false;
  std::string buffer_;
};

inline Response echo(const Request& request, const Context& /*context*/) {
  Response response;
  response.type = "text/plain";
  response.body = fmt::format("{} {} {}", request.method, request.path, request.body);
  return response;
}

// A server that runs for the length of a test.
class Running {
 public:
  explicit Running(Handler handler = echo, ServerOptions options = {},
                   std::size_t threads = 2, std::size_t max_queue = 1000,
                   QuickHandler quick = {})
      : pool_(threads, max_queue),
        server_(options, std::move(handler), pool_, std::move(quick)) {
    done_ = std::async(std::launch::async, [this] { return server_.run(); });
  }
  ~Running() {
    server_.stop();
    if (done_.valid()) done_.wait();
  }
  Server& operator*() { return server_; }
  Server* operator->() { return &server_; }
  std::uint16_t port() const { return server_.port(); }
  bool stop() {
    server_.stop();
    return done_.get();
  }

 private:
  Pool pool_;
  Server server_;
  std::future<bool> done_;
};

inline bool starts(std::string_view answer, int status) {
  return answer.starts_with(fmt::format("HTTP/1.1 {} ", status));
}

}  // namespace terrazzo::http::testing
