#include "terrazzo/http/router.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <span>

namespace terrazzo::http {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;
using Segments = std::vector<std::string_view>;

Segments segments_of(std::string_view path) {
  Segments out;
  path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == path.npos) return out;
    path.remove_prefix(slash + 1);
  }
}

struct Placeholder {
  std::string_view name;
  std::string_view type;  // "int", "word", "path" or empty
  std::string_view tail;  // the pattern after it
};

// pattern: begins with one.
std::optional<Placeholder> placeholder_of(std::string_view pattern) {
  const auto end = pattern.find('}');
  if (!pattern.starts_with('{') || end == pattern.npos) return std::nullopt;
  const auto inner = pattern.substr(1, end - 1);
  const auto colon = std::min(inner.find(':'), inner.size());
  return Placeholder{inner.substr(0, colon),
                     inner.substr(std::min(colon + 1, inner.size())),
                     pattern.substr(end + 1)};
}

// How much of the text a name of this type takes.
std::size_t length_of(std::string_view type, std::string_view text) {
  constexpr std::string_view digits = "0123456789";
  constexpr std::string_view word = "abcdefghijklmnopqrstuvwxyz0123456789";
  const auto end = type == "int"    ? text.find_first_not_of(digits)
                   : type == "word" ? text.find_first_not_of(word)
                                    : text.npos;
  return std::min(end, text.size());
}

bool match_segment(std::string_view pattern, std::string_view segment, Values& values) {
  while (!pattern.empty()) {
    const auto placeholder = placeholder_of(pattern);
    if (placeholder) {
      const std::size_t length = length_of(placeholder->type, segment);
      if (length == 0) return false;
      values.insert_or_assign(std::string{placeholder->name},
                              std::string{segment.substr(0, length)});
      segment.remove_prefix(length);
      pattern = placeholder->tail;
      continue;
    }
    if (!segment.starts_with(pattern.front())) return false;
    segment.remove_prefix(1);
    pattern.remove_prefix(1);
  }
  return segment.empty();
}

std::string join(std::span<const std::string_view> segments) {
  std::string out;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (i > 0) out.push_back('/');
    out += segments[i];
  }
  return out;
}

// At most one segment of a pattern is a path, so it takes what the others leave.
bool match_path(std::span<const std::string_view> pattern,
                std::span<const std::string_view> path, Values& values) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const auto placeholder = placeholder_of(pattern[i]);
    if (placeholder && placeholder->type == "path") {
      if (path.size() < pattern.size()) return false;
      const std::size_t taken = path.size() - pattern.size() + 1;
      if (path[i].empty()) return false;
      values.insert_or_assign(std::string{placeholder->name},
                              join(path.subspan(i, taken)));
      return match_path(pattern.subspan(i + 1), path.subspan(i + taken), values);
    }
    if (i >= path.size() || !match_segment(pattern[i], path[i], values)) return false;
  }
  return pattern.size() == path.size();
}

std::ptrdiff_t literals_of(const Segments& segments) {
  return std::ranges::count_if(segments,
                               [](std::string_view s) { return !s.starts_with('{'); });
}

std::string merged(std::string_view path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || !out.ends_with('/')) out.push_back(c);
  return out;
}

}  // namespace

Router::Router(Kinds<RouteKind> routes) {
  for (const RouteKind* route : routes)
    for (const Endpoint& endpoint : route->endpoints)
      rows_.push_back({route, &endpoint, segments_of(endpoint.pattern)});
  std::ranges::stable_sort(rows_, std::greater{},
                           [](const Row& row) { return literals_of(row.segments); });
}

Match Router::find_exactly(std::string_view method, std::string_view path) const {
  const Segments segments = segments_of(path);
  Match match;
  std::set<std::string_view> methods{"OPTIONS"};
  for (const Row& row : rows_) {
    Values values;
    // Rows of another route are other pages that happen to fit too.
    if (match.route != nullptr && row.route != match.route) continue;
    if (!match_path(row.segments, segments, values)) continue;
    match.route = row.route;
    methods.insert(row.endpoint->method);
    if (row.endpoint->method == "GET") methods.insert("HEAD");
    const bool fits = row.endpoint->method == method ||
                      (method == "HEAD" && row.endpoint->method == "GET");
    if (!fits || match.endpoint != nullptr) continue;
    match.endpoint = row.endpoint;
    match.path = std::move(values);
  }
  for (const std::string_view name : methods) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += name;
  }
  return match;
}

Match Router::find(std::string_view method, std::string_view path) const {
  if (!path.starts_with('/')) return {};
  Match match = find_exactly(method, path);
  if (match.route != nullptr || path.find("//") == path.npos) return match;
  const std::string single = merged(path);
  match = find_exactly(method, single);
  if (match.endpoint == nullptr) return {};
  Match redirect;
  redirect.redirect = single;
  return redirect;
}

}  // namespace terrazzo::http
