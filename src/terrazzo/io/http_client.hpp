#pragma once
// Requests to web servers: many at once, over connections that are kept alive.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "terrazzo/base/context.hpp"

namespace terrazzo::io {

struct HttpRequest {
  std::string url;
  std::vector<std::string> headers{};  // "Name: value"
  std::string method = "GET";
  std::string body{};                     // of a PUT or POST
  std::optional<std::uint64_t> upload{};  // bytes of a body that HttpTask::give() gives
  std::chrono::milliseconds patience{0};  // a longer HttpLimits::window, while the server
                                          // works on what it got
  bool follow_redirects = true;           // to http and https; five of them
  bool direct = false;  // past any proxy: what only this machine can reach
};

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};  // names in lower case
  std::string text{};  // the start of the body, unless the task took it

  const std::string* find(std::string_view lower_case_name) const;
  bool brings_content() const { return status == 200 || status == 206; }
};

// One thing to be fetched. It is used by the thread that calls HttpClient::run() only;
// what its functions throw ends the run.
class HttpTask {
 public:
  HttpTask() = default;
  virtual ~HttpTask() = default;
  HttpTask(const HttpTask&) = delete;
  HttpTask& operator=(const HttpTask&) = delete;

  // What to send; asked for anew at each attempt.
  virtual HttpRequest request() = 0;

  // Fills `to` with the bytes of the body from `offset` on; see HttpRequest::upload.
  virtual void give(std::uint64_t offset, std::span<std::byte> to);

  // A 200 or 206 has begun; its content follows.
  virtual void begin(const HttpAnswer& answer) = 0;

  // False: it is enough; the rest of the content is not read.
  virtual bool take(std::span<const std::byte> content) = 0;

  enum class Verdict { done, again };

  // The answer is over. 429, 500, 502, 503 and 504 come here only after the last attempt.
  // `again` counts as an attempt; after the last one the run ends with unavailable.
  virtual Verdict end(const HttpAnswer& answer) = 0;

  // What the answer is about, for messages: the last part of a path.
  virtual std::string name() const = 0;
};

struct HttpLimits {
  std::chrono::milliseconds connect{10'000};
  std::chrono::milliseconds window{15'000};    // in each of which there must come or go
  std::size_t least_in_window = 4U << 10U;     // so many bytes, or the rest
  int attempts = 4;                            // of a request; two if the server is mute
  std::chrono::milliseconds first_pause{100};  // doubled each time, up to half left out
  std::chrono::milliseconds longest_pause{10'000};  // a longer Retry-After ends the run
  std::size_t in_flight = 16;                       // of a run
  std::size_t in_flight_per_host = 128;             // of all runs
};

// Places for requests, so many for each host.
class HostPlaces {
 public:
  explicit HostPlaces(std::size_t places) : places_(places) {}
  bool try_take(const std::string& host);
  void give_back(const std::string& host) noexcept;
  // Returns when a place may be free, the context has ended, or after a second.
  void wait(const std::string& host, const Context& context);

 private:
  const std::size_t places_;
  std::mutex mutex_;
  std::condition_variable_any freed_;
  std::map<std::string, std::size_t, std::less<>> taken_;
};

// Safe from any thread. A run happens on its caller's thread; the connections it leaves
// behind serve the next run, of whatever thread. The program ignores SIGPIPE.
class HttpClient {
 public:
  explicit HttpClient(HttpLimits limits = {});
  ~HttpClient();  // no run may be under way
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Returns when every task is done. After a failure nobody writes to the tasks any more.
  //
  // Throws  what the tasks throw. unavailable: no connection, or a passing fault that
  //         lasts. timeout: the server is mute or too slow, or the deadline has passed.
  //         cancelled. invalid_input: a URL that is none.
  void run(std::span<HttpTask* const> tasks, const Context& context);

  // One request and the whole body of a 200 in `text`; of others its start. `name` says
  // what it is about, as HttpTask::name().
  // Throws as run(); too_large: the body has more than most_bytes.
  HttpAnswer fetch(HttpRequest request, std::string name, std::size_t most_bytes,
                   const Context& context);

  const HttpLimits& limits() const noexcept { return limits_; }

  class Loop;  // see http_transfer.hpp

 private:
  friend class HttpRun;

  std::unique_ptr<Loop> take_loop();
  void give_back(std::unique_ptr<Loop> loop) noexcept;

  const HttpLimits limits_;
  HostPlaces places_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Loop>> idle_;  // the one used last is last
};

// The client of the whole process, so that all files share connections.
HttpClient& shared_http_client();

// "https://host:8080/path": without user, password, query and fragment.
std::string shown_url(std::string_view url);

// "host:8080" of a URL; empty: there is none.
std::string host_of(std::string_view url);

// The error for an answer that is no content. `name` is the file's. message() holds no
// host and no URL.
//   not_found  404, 410       denied       any other 4xx
//   conflict   409, 412       unavailable  everything else
Error http_failure(int status, std::string_view name);

// Digits and nothing else, as headers have it.
std::optional<std::uint64_t> whole_number(std::string_view text);

// How long the server asks to wait, if it does; a day at most.
std::optional<std::chrono::milliseconds> retry_after(const HttpAnswer& answer);

}  // namespace terrazzo::io
