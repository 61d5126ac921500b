#include "terrazzo/base/pattern.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <span>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo {
namespace {

constexpr std::size_t longest_pattern = 4096;
constexpr std::size_t most_parts = 256;
constexpr std::size_t longest_path = 8192;
constexpr std::size_t most_searches = 200'000;
constexpr std::array<std::string_view, 2> reserved_names{"limit", "page"};
constexpr char32_t broken_byte = 0x110000;  // plus the byte: equal to itself only

struct CodePoints {
  std::u32string values;
  std::vector<std::size_t> offsets;  // in bytes; one more than values
};

CodePoints code_points_of(std::string_view text) {
  CodePoints out;
  std::size_t at = 0;
  while (at < text.size()) {
    const CodePoint c = code_point_at(text, at);
    out.offsets.push_back(at);
    out.values.push_back(c.valid ? c.value
                                 : broken_byte + static_cast<unsigned char>(text[at]));
    at += c.bytes;
  }
  out.offsets.push_back(at);
  return out;
}

bool may_be_in_value(char32_t c) noexcept {
  return c != '/' && c >= 0x20 && c != 0x7F && c < broken_byte;
}

void check_name(std::string_view name, std::string_view whole) {
  const auto points = code_points_of(name).values;
  if (!std::ranges::all_of(points, is_word_char))
    throw invalid(
        "the pattern '{}' has the key name '{}'; names are made of letters, "
        "digits and '_'",
        shown(whole), shown(name));
  if (std::ranges::find(reserved_names, name) != reserved_names.end())
    throw invalid("no key can be called '{}'; the server keeps this name for itself",
                  name);
}

}  // namespace

void Pattern::add_literal(char c) {
  if (parts_.empty() || parts_.back().kind != Kind::literal)
    parts_.push_back({Kind::literal, {}, {}, 0});
  parts_.back().literal += c;
}

void Pattern::add_any() {
  if (parts_.empty() || parts_.back().kind != Kind::any)
    parts_.push_back({Kind::any, {}, {}, 0});
}

void Pattern::add_key(std::string_view name, std::string_view whole) {
  check_name(name, whole);
  const auto known = std::ranges::find(names_, name);
  const auto place = static_cast<std::size_t>(known - names_.begin());
  const bool again = known != names_.end();
  parts_.push_back({again ? Kind::again : Kind::key, {}, {}, place});
  repeats_ = repeats_ || again;
  if (!again) names_.emplace_back(name);
}

Pattern Pattern::parse(std::string_view text) {
  if (text.size() > longest_pattern)
    throw invalid("a pattern has at most {} bytes, not {}", longest_pattern, text.size());
  Pattern pattern;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool doubled = at + 1 < text.size() && text[at + 1] == c;
    if (c == '*') {
      pattern.add_any();
    } else if (c != '{' && c != '}') {
      pattern.add_literal(c);
    } else if (doubled) {
      pattern.add_literal(c);
      ++at;
    } else {
      const auto end = text.find_first_of("{}", at + 1);
      if (c == '}' || end == std::string_view::npos || text[end] == '{')
        throw invalid(
            "the pattern '{}' has a '{}' without its partner; write {}{} for the "
            "brace itself",
            shown(text), c, c, c);
      const auto name = text.substr(at + 1, end - at - 1);
      name.empty() ? pattern.add_any() : pattern.add_key(name, text);
      at = end;
    }
  }
  if (pattern.names_.empty())
    throw invalid(
        "the pattern '{}' has no placeholder; write {{name}} where a key stands",
        shown(text));
  if (pattern.parts_.size() > most_parts)
    throw invalid("a pattern has at most {} parts, not {}", most_parts,
                  pattern.parts_.size());
  for (Part& part : pattern.parts_)
    part.code_points = code_points_of(part.literal).values;
  return pattern;
}

std::string Pattern::glob() const {
  std::string out;
  for (const Part& part : parts_) {
    if (part.kind != Kind::literal) {
      if (!out.ends_with('*')) out += '*';
      continue;
    }
    for (const char c : part.literal) {
      const bool special = c == '[' || c == '?';
      out += special ? std::string{'[', c, ']'} : std::string{c};
    }
  }
  return out;
}

// Looks for the first way to lay the parts over one text. A table says for every part
// and place whether the rest can fit if repeated names were free; without repeats it is
// exact, so the search never turns back.
class Pattern::Matcher {
 public:
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  // narrow: values are made of letters and digits only.
  Matcher(const Pattern& pattern, std::u32string_view text, bool narrow)
      : parts_(pattern.parts_),
        repeats_(pattern.repeats_),
        text_(text),
        allowed_(narrow ? is_letter_or_digit : may_be_in_value),
        spans_(pattern.names_.size()) {
    fill_table();
  }

  const std::vector<Span>* run() { return search(0, 0) ? &spans_ : nullptr; }
  std::uint64_t steps() const noexcept { return steps_; }

 private:
  char& can(std::size_t part, std::size_t at) {
    return table_[part * (text_.size() + 1) + at];
  }

  bool can_here(std::size_t p, std::size_t at) {
    const Part& part = parts_[p];
    const bool inside = at < text_.size();
    ++steps_;
    switch (part.kind) {
      case Kind::literal:
        steps_ += part.code_points.size();
        return text_.substr(at).starts_with(part.code_points) &&
               can(p + 1, at + part.code_points.size()) != 0;
      case Kind::any:
        return can(p + 1, at) != 0 || (inside && text_[at] != '/' && can(p, at + 1) != 0);
      case Kind::key:
      case Kind::again:
        break;
    }
    return inside && allowed_(text_[at]) &&
           (can(p + 1, at + 1) != 0 || can(p, at + 1) != 0);
  }

  void fill_table() {
    table_.assign((parts_.size() + 1) * (text_.size() + 1), 0);
    can(parts_.size(), text_.size()) = 1;
    for (std::size_t p = parts_.size(); p-- > 0;)
      for (std::size_t at = text_.size() + 1; at-- > 0;)
        can(p, at) = can_here(p, at) ? 1 : 0;
  }

  bool search(std::size_t p, std::size_t at) {
    ++steps_;
    if (can(p, at) == 0) return false;
    if (p == parts_.size()) return true;
    count_search();
    if (!repeats_) return search_part(p, at);
    auto state = state_at(p, at);
    if (failed_.contains(state)) return false;
    if (search_part(p, at)) return true;
    failed_.insert(std::move(state));
    return false;
  }

  bool search_part(std::size_t p, std::size_t at) {
    const Part& part = parts_[p];
    switch (part.kind) {
      case Kind::literal:
        return search(p + 1, at + part.code_points.size());
      case Kind::key:
        return search_key(p, at);
      case Kind::any:
        return search_any(p, at);
      case Kind::again:
        break;
    }
    const Span span = spans_[part.name];
    const auto value = text_.substr(span.begin, span.end - span.begin);
    steps_ += value.size();
    return text_.substr(at).starts_with(value) && search(p + 1, at + value.size());
  }

  bool search_key(std::size_t p, std::size_t at) {
    std::size_t end = at;
    while (end < text_.size() && allowed_(text_[end])) ++end;
    steps_ += end - at;
    for (; end > at; --end) {
      ++steps_;
      if (can(p + 1, end) == 0) continue;
      spans_[parts_[p].name] = {at, end};
      if (search(p + 1, end)) return true;
    }
    spans_[parts_[p].name] = {};
    return false;
  }

  bool search_any(std::size_t p, std::size_t at) {
    for (std::size_t end = at; end <= text_.size(); ++end) {
      if (search(p + 1, end)) return true;
      if (end < text_.size() && text_[end] == '/') return false;
    }
    return false;
  }

  // Where the search is and the values that repeated names still have to equal.
  std::vector<std::size_t> state_at(std::size_t p, std::size_t at) const {
    std::vector<std::size_t> state{p, at};
    for (std::size_t later = p; later < parts_.size(); ++later) {
      if (parts_[later].kind != Kind::again) continue;
      const Span span = spans_[parts_[later].name];
      state.push_back(span.begin);
      state.push_back(span.end);
    }
    return state;
  }

  void count_search() {
    if (++searches_ > most_searches)
      throw failure(ErrorKind::too_large,
                    "a path fits the repeated names of the pattern in too many ways");
  }

  std::span<const Part> parts_;
  bool repeats_;
  std::u32string_view text_;
  bool (*allowed_)(char32_t) noexcept;
  std::vector<Span> spans_;
  std::vector<char> table_;  // (parts + 1) x (characters + 1)
  std::set<std::vector<std::size_t>> failed_;
  std::size_t searches_ = 0;
  std::uint64_t steps_ = 0;
};

std::optional<std::vector<std::pair<std::string, std::string>>> Pattern::match(
    std::string_view path, std::uint64_t* steps) const {
  const CodePoints text = code_points_of(path);
  if (steps != nullptr) *steps = 0;
  if (text.values.size() > longest_path) return std::nullopt;
  for (const bool narrow : {true, false}) {
    Matcher matcher{*this, text.values, narrow};
    const auto* spans = matcher.run();
    if (steps != nullptr) *steps += matcher.steps();
    if (spans == nullptr) continue;
    std::vector<std::pair<std::string, std::string>> values;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const std::size_t begin = text.offsets[(*spans)[i].begin];
      const std::size_t end = text.offsets[(*spans)[i].end];
      values.emplace_back(names_[i], path.substr(begin, end - begin));
    }
    return values;
  }
  return std::nullopt;
}

std::string Pattern::fill(const std::map<std::string, std::string>& values) const {
  std::string out;
  for (const Part& part : parts_) {
    if (part.kind == Kind::any)
      throw invalid(
          "a pattern with {{}} or * does not say what stands there; it cannot be "
          "filled");
    if (part.kind == Kind::literal) {
      out += part.literal;
      continue;
    }
    const auto found = values.find(names_[part.name]);
    if (found == values.end())
      throw invalid("the pattern needs a value for '{}'", names_[part.name]);
    const auto points = code_points_of(found->second).values;
    if (points.empty() || !std::ranges::all_of(points, may_be_in_value))
      throw invalid(
          "'{}' cannot be '{}' in a path; it is one or more characters, none of "
          "them '/'",
          names_[part.name], shown(found->second));
    out += found->second;
  }
  return out;
}

}  // namespace terrazzo
