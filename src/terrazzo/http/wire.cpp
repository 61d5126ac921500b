#include "terrazzo/http/wire.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <iterator>
#include <thread>

#include <fmt/format.h>

#include "terrazzo/http/answer.hpp"

namespace terrazzo::http {
namespace {

// "Date: …" with its end, written once a second by each thread.
std::string_view date_line() {
  struct Written {
    std::time_t second = -1;
    std::string line{};
  };
  thread_local Written written;
  const std::time_t now = std::time(nullptr);
  if (written.second == now) return written.line;
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[64];
  const std::size_t size =
      std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
  written.line.assign(text, size);
  written.second = now;
  return written.line;
}

// A control character would end the header or begin another.
void append_header(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value)
    head.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  head += "\r\n";
}

}  // namespace

std::string head_lines(const Response& response) {
  std::string head =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  if (!response.type.empty()) append_header(head, "Content-Type", response.type);
  for (const auto& [name, value] : response.headers) append_header(head, name, value);
  return head;
}

void end_head(std::string& head, std::optional<std::size_t> length, Manners manners) {
  if (length) fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", *length);
  head += date_line();
  if (!manners.keeps) head += "Connection: close\r\n";
  if (manners.keeps && manners.is_http_1_0) head += "Connection: keep-alive\r\n";
  head += "\r\n";
}

std::string head_of(const Response& response, Manners manners) {
  std::string head = head_lines(response);
  const bool has_length = response.status != 304 && response.status != 204;
  end_head(head, has_length ? std::optional{response.body.size()} : std::nullopt,
           manners);
  return head;
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
