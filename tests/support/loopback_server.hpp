#pragma once
// A web server on 127.0.0.1 that answers what a test tells it, however wrong that is.

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::testing {

struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  int connection = 0;  // counted from 1

  std::string header(const std::string& name) const {
    const auto at = headers.find(name);
    return at == headers.end() ? "" : at->second;
  }
};

struct ScriptedAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::optional<std::size_t> stated_length{};  // Content-Length, if not the body's
  bool states_length = true;  // else the end of the connection is the end of the body
  bool mute = false;          // nothing is sent, the connection stays
  bool hangs_up = false;      // nothing is sent, the connection ends
  bool endless = false;       // after the body more and more bytes follow
};

class LoopbackServer {
 public:
  // Called by many threads at once.
  using Script = std::function<ScriptedAnswer(const SeenRequest&)>;

  explicit LoopbackServer(Script script) : script_(std::move(script)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (listening_ < 0 || ::bind(listening_, generic, size) != 0 ||
        ::listen(listening_, 128) != 0 || ::getsockname(listening_, generic, &size) != 0)
      throw failure(ErrorKind::unavailable, "the test's server cannot listen");
    port_ = ntohs(address.sin_port);
    accepting_ = std::thread{[this] { accept_all(); }};
  }

  ~LoopbackServer() {
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    changed_.notify_all();
    ::shutdown(listening_, SHUT_RDWR);
    accepting_.join();
    for (std::thread& thread : serving_) thread.join();
    for (const int socket : sockets_) ::close(socket);
    ::close(listening_);
  }
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  std::string host() const { return fmt::format("127.0.0.1:{}", port_); }
  std::string url(std::string_view path) const {
    return fmt::format("http://{}{}", host(), path);
  }

  std::vector<SeenRequest> seen() const {
    const std::lock_guard lock{mutex_};
    return seen_;
  }
  int connections() const {
    const std::lock_guard lock{mutex_};
    return static_cast<int>(sockets_.size());
  }
  // How many requests were being answered at the same time.
  std::size_t most_at_once() const {
    const std::lock_guard lock{mutex_};
    return most_at_once_;
  }
  // Until so many requests have come; not for ever.
  void wait_for(std::size_t requests) const {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::seconds{30},
                      [&] { return stopping_ || seen_.size() >= requests; });
  }

 private:
  void accept_all() {
    for (;;) {
      const int socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock{mutex_};
      if (stopping_) {
        if (socket >= 0) ::close(socket);
        return;
      }
      if (socket < 0) continue;
      sockets_.push_back(socket);
      const int number = static_cast<int>(sockets_.size());
      serving_.emplace_back([this, socket, number] { serve(socket, number); });
    }
  }

  void serve(int socket, int number) {
    std::string bytes;
    while (auto request = read_request(socket, bytes)) {
      request->connection = number;
      note_begin(*request);
      const bool goes_on = send_answer(socket, script_(*request));
      const std::lock_guard lock{mutex_};
      --at_once_;
      if (!goes_on) break;
    }
    ::shutdown(socket, SHUT_RDWR);
  }

  void note_begin(const SeenRequest& request) {
    {
      const std::lock_guard lock{mutex_};
      seen_.push_back(request);
      most_at_once_ = std::max(most_at_once_, ++at_once_);
    }
    changed_.notify_all();
  }

  // Appends; false: there is no more.
  static bool receive(int socket, std::string& bytes) {
    char block[16384];
    const ssize_t got = ::recv(socket, block, sizeof block, 0);
    if (got > 0) bytes.append(block, static_cast<std::size_t>(got));
    return got > 0 || (got < 0 && errno == EINTR);
  }

  // Takes the request off the front of bytes.
  static std::optional<SeenRequest> read_request(int socket, std::string& bytes) {
    std::size_t end = 0;
    while ((end = bytes.find("\r\n\r\n")) == std::string::npos)
      if (!receive(socket, bytes)) return std::nullopt;
    SeenRequest request;
    bool first = true;
    for (const std::string_view line :
         split(std::string_view{bytes}.substr(0, end), '\n')) {
      if (std::exchange(first, false)) {
        const auto words = split(trimmed(line), ' ');
        request.method = words.at(0);
        request.target = words.at(1);
      } else {
        const std::size_t colon = line.find(':');
        request.headers[lower_case(line.substr(0, colon))] =
            trimmed(line.substr(colon + 1));
      }
    }
    std::size_t length = 0;
    const std::string stated = request.header("content-length");
    std::from_chars(stated.data(), stated.data() + stated.size(), length);
    while (bytes.size() < end + 4 + length)
      if (!receive(socket, bytes)) return std::nullopt;
    request.body = bytes.substr(end + 4, length);
    bytes.erase(0, end + 4 + length);
    return request;
  }

  // False: the connection ends.
  bool send_answer(int socket, const ScriptedAnswer& answer) const {
    if (answer.mute) {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return stopping_; });
    }
    if (answer.mute || answer.hangs_up) return false;
    std::string text = fmt::format("HTTP/1.1 {} Scripted\r\n", answer.status);
    for (const auto& [name, value] : answer.headers)
      text += fmt::format("{}: {}\r\n", name, value);
    const std::size_t length = answer.stated_length.value_or(answer.body.size());
    text += answer.states_length ? fmt::format("Content-Length: {}\r\n\r\n", length)
                                 : "Connection: close\r\n\r\n";
    bool sent = send_all(socket, text + answer.body);
    const std::string more(65536, 'x');
    while (sent && answer.endless) sent = send_all(socket, more);
    return sent && answer.states_length && length == answer.body.size();
  }

  static bool send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  const Script script_;
  int listening_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopping_ = false;
  std::vector<int> sockets_;
  std::vector<SeenRequest> seen_;
  std::size_t at_once_ = 0;
  std::size_t most_at_once_ = 0;
  std::vector<std::thread> serving_;  // touched by accepting_ until it has ended
  std::thread accepting_;
};

// What a good server answers to a GET with a range, a whole GET, and If-Match.
inline ScriptedAnswer file_answer(const SeenRequest& request, const std::string& content,
                                  const std::string& etag = "\"v1\"") {
  ScriptedAnswer answer{.headers = {{"ETag", etag}}};
  const std::string wanted = request.header("if-match");
  if (!wanted.empty() && wanted != etag) {
    answer.status = 412;
    return answer;
  }
  std::string range = request.header("range");
  if (!range.starts_with("bytes=")) {
    answer.body = content;
    return answer;
  }
  range.erase(0, 6);
  const auto ends = split(range, '-');
  const std::size_t first = std::stoull(std::string{ends.at(0)});
  if (first >= content.size()) {
    answer.status = 416;
    answer.headers.emplace_back("Content-Range",
                                fmt::format("bytes */{}", content.size()));
    return answer;
  }
  answer.body = content.substr(first, std::stoull(std::string{ends.at(1)}) - first + 1);
  answer.status = 206;
  answer.headers.emplace_back(
      "Content-Range", fmt::format("bytes {}-{}/{}", first,
                                   first + answer.body.size() - 1, content.size()));
  return answer;
}

// Bytes of which no two stretches are alike.
inline std::string numbered_bytes(std::size_t count) {
  std::string out;
  out.reserve(count + 16);
  for (std::size_t i = 0; out.size() < count; ++i) out += fmt::format("{:x},", i);
  out.resize(count);
  return out;
}

}  // namespace terrazzo::testing
