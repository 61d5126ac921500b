#include "terrazzo/http/transfer.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>

#include <libdeflate.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

constexpr std::size_t worth_compressing = 1024;

std::string_view without_weakness(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

std::string* find_header(Response& response, std::string_view name) {
  const auto found = std::ranges::find(response.headers, name, &Pairs::value_type::first);
  return found == response.headers.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> number_of(std::string_view digits) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, value);
  if (stop != end || digits.empty() || fault != std::errc{}) return std::nullopt;
  return value;
}

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
  bool satisfiable = true;
};

// Of one "bytes=first-last", "bytes=first-" or "bytes=-count". Empty for anything else:
// such a header counts as absent (RFC 9110, 14.2).
std::optional<ByteRange> range_of(std::string_view header, std::uint64_t size) {
  if (!header.starts_with("bytes=")) return std::nullopt;
  const std::string_view spec = trimmed(header.substr(6));
  const auto dash = spec.find('-');
  if (dash == spec.npos || spec.find(',') != spec.npos) return std::nullopt;
  const auto first = number_of(spec.substr(0, dash));
  const auto last = number_of(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return std::nullopt;
    if (*last == 0 || size == 0) return ByteRange{.satisfiable = false};
    return ByteRange{size - std::min(*last, size), size - 1};
  }
  const bool is_open = dash + 1 == spec.size();
  if (!first || (!is_open && !last) || (last && *last < *first)) return std::nullopt;
  if (*first >= size) return ByteRange{.satisfiable = false};
  return ByteRange{*first, is_open ? size - 1 : std::min(*last, size - 1)};
}

void cut_range(const Request& request, Response& response) {
  const auto header = request.header("range");
  if (header.empty() || request.method != "GET") return;
  const auto condition = request.header("if-range");
  const std::string* etag = find_header(response, "ETag");
  if (!condition.empty() && (etag == nullptr || condition != *etag)) return;
  const std::uint64_t size = response.body.size();
  const auto range = range_of(header, size);
  if (!range) return;
  if (!range->satisfiable) {
    response = status_page(416);
    set_header(response, "Content-Range", fmt::format("bytes */{}", size));
    return;
  }
  response.status = 206;
  response.body = std::string{
      response.body.view().substr(range->first, range->last - range->first + 1)};
  set_header(response, "Content-Range",
             fmt::format("bytes {}-{}/{}", range->first, range->last, size));
}

bool is_compressible(std::string_view type) {
  return type.starts_with("application/json") || type.starts_with("text/") ||
         type.starts_with("image/svg");
}

void compress(const Request& request, Response& response) {
  if (response.body.size() < worth_compressing) return;
  if (find_header(response, "Content-Encoding") != nullptr) return;
  set_header(response, "Vary", "Accept-Encoding");
  if (!takes_gzip(request)) return;
  response.body = gzip(response.body.view());
  set_header(response, "Content-Encoding", "gzip");
  std::string* etag = find_header(response, "ETag");
  if (etag != nullptr && !etag->starts_with("W/")) etag->insert(0, "W/");
}

}  // namespace

bool is_known(std::string_view if_none_match, std::string_view etag) {
  std::string_view known = trimmed(if_none_match);
  if (etag.empty() || known.empty()) return false;
  if (known == "*") return true;
  const std::string_view wanted = without_weakness(etag);
  while (!known.empty()) {
    const auto comma = std::min(known.find(','), known.size());
    if (without_weakness(trimmed(known.substr(0, comma))) == wanted) return true;
    known.remove_prefix(std::min(comma + 1, known.size()));
  }
  return false;
}

Response not_modified(std::string_view etag, std::string_view cache_control) {
  Response response;
  response.status = 304;
  response.type.clear();
  set_header(response, "ETag", std::string{etag});
  if (!cache_control.empty())
    set_header(response, "Cache-Control", std::string{cache_control});
  return response;
}

void transfer(const Request& request, Response& response) {
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (response.status != 200 || !is_read) return;
  const std::string* etag = find_header(response, "ETag");
  if (etag != nullptr && is_known(request.header("if-none-match"), *etag)) {
    response.status = 304;
    response.body = {};
    response.type.clear();
    return;
  }
  if (is_compressible(response.type)) return compress(request, response);
  set_header(response, "Accept-Ranges", "bytes");
  cut_range(request, response);
}

bool takes_gzip(const Request& request) {
  std::string_view accepted = request.header("accept-encoding");
  while (!accepted.empty()) {
    const auto comma = std::min(accepted.find(','), accepted.size());
    const std::string_view entry = trimmed(accepted.substr(0, comma));
    accepted.remove_prefix(std::min(comma + 1, accepted.size()));
    const auto semicolon = std::min(entry.find(';'), entry.size());
    const std::string coding = lower_case(trimmed(entry.substr(0, semicolon)));
    if (coding != "gzip" && coding != "*") continue;
    const auto weight = trimmed(entry.substr(std::min(semicolon + 1, entry.size())));
    if (!weight.starts_with("q=")) return true;
    return weight.substr(2).find_first_of("123456789") != weight.npos;
  }
  return false;
}

std::string gzip(std::string_view bytes) {
  constexpr int level = 4;
  const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)>
      compressor{libdeflate_alloc_compressor(level), libdeflate_free_compressor};
  if (!compressor) throw failure(ErrorKind::unavailable, "out of memory");
  std::string out(libdeflate_gzip_compress_bound(compressor.get(), bytes.size()), '\0');
  out.resize(libdeflate_gzip_compress(compressor.get(), bytes.data(), bytes.size(),
                                      out.data(), out.size()));
  return out;
}

}  // namespace terrazzo::http
