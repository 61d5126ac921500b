#pragma once
// A request and its answer, free of any transport: the socket server and, later, the
// Lambda handler both make a Request, and both send a Response.

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace terrazzo::maps {
class Picture;
}

namespace terrazzo::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string target = "/";  // as it came: path and query
  std::string path = "/";    // percent-decoded
  Pairs query{};             // percent-decoded, in order; the first of a name wins
  Pairs headers{};           // names in lower case
  std::string body{};

  // Empty view if there is none.
  std::string_view header(std::string_view lower_case_name) const noexcept;
  const std::string* parameter(std::string_view name) const noexcept;
};

// A request that is not taken apart: views into what a connection has read.
struct RequestView {
  std::string_view method{};
  std::string_view target{};
  std::span<const std::pair<std::string_view, std::string_view>> headers{};

  // The first of this name, capitals aside; an empty view if there is none.
  std::string_view header(std::string_view name) const noexcept;
};

// The bytes of an answer. Copies share them, so a picture goes from the cache to the
// socket as it is.
class Body {
 public:
  Body() = default;
  Body(std::string bytes)  // NOLINT: text is what most bodies are made from
      : bytes_(std::make_shared<const std::string>(std::move(bytes))) {}
  Body(std::shared_ptr<const std::string> bytes)  // NOLINT: likewise
      : bytes_(std::move(bytes)) {}

  std::string_view view() const noexcept {
    return bytes_ ? std::string_view{*bytes_} : std::string_view{};
  }
  std::size_t size() const noexcept { return view().size(); }
  bool empty() const noexcept { return view().empty(); }

  friend bool operator==(const Body& a, std::string_view b) noexcept {
    return a.view() == b;
  }
  friend bool operator==(const Body& a, const Body& b) noexcept {
    return a.view() == b.view();
  }

 private:
  std::shared_ptr<const std::string> bytes_{};
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  Body body{};
  Pairs headers{};  // besides Content-Type and Content-Length
  // What the body is: to answer the like of this request without planning it.
  std::shared_ptr<const maps::Picture> picture{};
};

// An answer whose head is written but for what depends on the connection and the time;
// see wire.hpp. A body of no bytes: it has no length either.
struct ReadyAnswer {
  std::shared_ptr<const std::string> head{};
  Body body{};
};

// "/a%20b?x=1&y=[2]" -> path and query. Wrong percent signs stay as they are; invalid
// UTF-8 becomes U+FFFD; plus is a blank in the query only. Never throws.
void split_target(std::string_view target, Request& request);

}  // namespace terrazzo::http
