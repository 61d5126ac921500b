// What the client reads out of URLs and answers, and says of them.

#include <algorithm>
#include <charconv>

#include "terrazzo/base/text.hpp"
#include "terrazzo/base/time.hpp"
#include "terrazzo/io/http_client.hpp"

namespace terrazzo::io {
namespace {

// Where the host begins and ends, user and password left out.
std::pair<std::size_t, std::size_t> authority(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {0, 0};
  std::size_t begin = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#\\", begin), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  if (at != std::string_view::npos && at >= begin) begin = at + 1;
  return {begin, end};
}

}  // namespace

const std::string* HttpAnswer::find(std::string_view lower_case_name) const {
  const auto at = std::ranges::find(headers, lower_case_name,
                                    &std::pair<std::string, std::string>::first);
  return at == headers.end() ? nullptr : &at->second;
}

std::string host_of(std::string_view url) {
  const auto [begin, end] = authority(url);
  return lower_case(url.substr(begin, end - begin));
}

std::string shown_url(std::string_view url) {
  const auto [begin, end] = authority(url);
  if (end == 0) return "a URL without a scheme";
  const std::size_t path_end = std::min(url.find_first_of("?#", end), url.size());
  std::string out{url.substr(0, url.find("://") + 3)};
  out.append(url.substr(begin, path_end - begin));
  return shown(out, 300);
}

Error http_failure(int status, std::string_view name) {
  switch (status) {
    case 401:
    case 403:
      return failure(ErrorKind::denied, "'{}' may not be read: the server answers {}",
                     name, status);
    case 404:
    case 410:
      return failure(ErrorKind::not_found, "'{}' is not on its server ({})", name,
                     status);
    case 409:
      return failure(ErrorKind::conflict, "'{}' is being changed by somebody else", name);
    case 412:
      return failure(ErrorKind::conflict, "'{}' was changed since it was opened", name);
    default:
      break;
  }
  if (status >= 400 && status < 500 && status != 429)
    return failure(ErrorKind::denied, "the server of '{}' refuses the request ({})", name,
                   status);
  return failure(ErrorKind::unavailable, "the server of '{}' answers {}", name, status);
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc{} || rest != end) return std::nullopt;
  return number;
}

std::optional<std::chrono::milliseconds> retry_after(const HttpAnswer& answer) {
  const std::string* text = answer.find("retry-after");
  if (text == nullptr) return std::nullopt;
  constexpr std::uint32_t most_seconds = 24 * 3600;
  std::uint32_t seconds = 0;
  const char* const end = text->data() + text->size();
  const auto [rest, error] = std::from_chars(text->data(), end, seconds);
  if (rest == end && error != std::errc::invalid_argument)
    return std::chrono::seconds{error == std::errc{} ? std::min(seconds, most_seconds)
                                                     : most_seconds};
  const auto date = time_from_http(*text);
  if (!date) return std::nullopt;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*date - now());
  return std::clamp<std::chrono::milliseconds>(wait, std::chrono::milliseconds{0},
                                               std::chrono::seconds{most_seconds});
}

}  // namespace terrazzo::io
