#pragma once
// One attempt of one request, on libcurl. Its headers stay in the .cpp files; handles are
// void*.

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/io/http_client.hpp"

namespace terrazzo::io {

// A set of connections and what drives the requests on them; one thread at a time.
class HttpClient::Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void* multi() const noexcept { return multi_; }
  void wake() const noexcept;  // ends a wait; from any thread

  void* take_easy();
  void give_back(void* easy) noexcept;

 private:
  void* multi_;
  std::vector<void*> idle_;
};

class HttpTransfer {
 public:
  using Loop = HttpClient::Loop;

  // Begins it. It must end before the loop and the task do.
  HttpTransfer(Loop& loop, HttpTask& task, int attempt, HttpRequest request,
               const HttpLimits& limits);
  ~HttpTransfer();  // breaks it off
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  HttpTask& task() const noexcept { return task_; }
  int attempt() const noexcept { return attempt_; }
  const std::string& host() const noexcept { return host_; }
  const HttpRequest& request() const noexcept { return request_; }
  const HttpAnswer& answer() const noexcept { return answer_; }

  // Was the reading stopped because nobody wants the rest?
  bool enough() const noexcept { return enough_; }
  bool has_failed() const noexcept { return error_ != nullptr; }
  // Throws what a function of the task threw.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

  // When the bytes that must have come are counted.
  Context::Clock::time_point window_end() const noexcept { return window_end_; }
  // Counts them if it is time, and begins the next window. False: too few.
  bool passes_window(Context::Clock::time_point now);

  // What libcurl calls; false ends the transfer.
  bool on_header_line(std::string_view line) noexcept;
  bool on_body(std::span<const std::byte> bytes) noexcept;
  // How many bytes of the body that is sent; none: all are, or see rethrow().
  std::size_t on_upload(std::span<std::byte> to) noexcept;
  bool on_rewind(std::uint64_t offset) noexcept;

 private:
  void set_up();
  void set_up_method();
  void set_up_upload();
  void add_header(const char* line);
  void read_header_line(std::string_view line);
  void read_body(std::span<const std::byte> bytes);

  Loop& loop_;
  HttpTask& task_;
  const int attempt_;
  const HttpRequest request_;
  const HttpLimits& limits_;
  const std::string host_;
  void* easy_ = nullptr;
  void* headers_ = nullptr;
  HttpAnswer answer_;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  std::uint64_t uploaded_ = 0;
  bool begun_ = false;
  bool enough_ = false;
  std::exception_ptr error_;
  const std::chrono::milliseconds window_;
  Context::Clock::time_point window_end_;
  std::size_t window_bytes_ = 0;
};

}  // namespace terrazzo::io
