#include "terrazzo/http/wire.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <thread>

#include <fmt/format.h>

#include "terrazzo/http/answer.hpp"

namespace terrazzo::http {
namespace {

std::string date_now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

// A control character would end the header or begin another.
void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value)
    head.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  head += "\r\n";
}

}  // namespace

std::string head_of(const Response& response, bool keeps, bool is_http_1_0) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  append_header(head, "Date", date_now());
  if (!response.type.empty()) append_header(head, "Content-Type", response.type);
  if (response.status != 304 && response.status != 204)
    append_header(head, "Content-Length", std::to_string(response.body.size()));
  for (const auto& [name, value] : response.headers) append_header(head, name, value);
  if (!keeps) append_header(head, "Connection", "close");
  if (keeps && is_http_1_0) append_header(head, "Connection", "keep-alive");
  return head + "\r\n";
}

Context::Clock::duration seconds(double count) noexcept {
  constexpr double year = 3600.0 * 24 * 365;
  return std::chrono::duration_cast<Context::Clock::duration>(
      std::chrono::duration<double>{std::clamp(count, 0.0, year)});
}

void raise_file_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

std::size_t io_thread_count(std::size_t wanted) noexcept {
  if (wanted > 0) return wanted;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, 4);
}

}  // namespace terrazzo::http
