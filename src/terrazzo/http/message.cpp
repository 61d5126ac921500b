#include "terrazzo/http/message.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::string percent_decoded(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out.push_back(' ');
      continue;
    }
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high && low) {
        out.push_back(static_cast<char>(*high * 16 + *low));
        i += 2;
        continue;
      }
    }
    out.push_back(text[i]);
  }
  return utf8_repaired(out);
}

}  // namespace

std::string_view Request::header(std::string_view lower_case_name) const noexcept {
  const auto found =
      std::ranges::find(headers, lower_case_name, &Pairs::value_type::first);
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view RequestView::header(std::string_view name) const noexcept {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  };
  const auto same = [&](char a, char b) { return lower(a) == lower(b); };
  for (const auto& [given, value] : headers)
    if (std::ranges::equal(given, name, same)) return value;
  return {};
}

const std::string* Request::parameter(std::string_view name) const noexcept {
  const auto found = std::ranges::find(query, name, &Pairs::value_type::first);
  return found == query.end() ? nullptr : &found->second;
}

void split_target(std::string_view target, Request& request) {
  request.target = target;
  // The absolute form "http://host/path" that proxies send.
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const auto slash = target.find_first_of("/?", target.find("//") + 2);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  target = target.substr(0, target.find('#'));
  const auto mark = target.find('?');
  request.path = percent_decoded(target.substr(0, mark), false);
  if (!request.path.starts_with('/')) request.path.insert(0, "/");
  request.query.clear();
  if (mark == std::string_view::npos) return;

  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    request.query.emplace_back(percent_decoded(pair.substr(0, equals), true),
                               equals == std::string_view::npos
                                   ? ""
                                   : percent_decoded(pair.substr(equals + 1), true));
  }
}

}  // namespace terrazzo::http
