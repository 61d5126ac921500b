#pragma once
// Paths with keys in them: "/data/{sensor}/{date}_{band}.tif".

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace terrazzo {

// A text with placeholders, as the ingest command of Terracotta takes it:
//
//   {name}     the value of a key; the same name again stands for the same value
//   {} and *   anything but '/', also nothing
//   {{ and }}  the braces themselves
//
// A value is one or more characters, any but '/' and control characters. Immutable.
class Pattern {
 public:
  // Throws invalid_input: no {name}; a brace without its partner; a name that is not
  // made of letters, digits and '_'; a name the server keeps for itself (limit, page);
  // more than 4096 bytes.
  static Pattern parse(std::string_view text);

  // Each name once, in the order of their first places.
  const std::vector<std::string>& names() const noexcept { return names_; }

  // For glob(3) without escapes and for Python's glob: every placeholder is '*'.
  // Finds all paths that match(), and some that do not.
  std::string glob() const;

  // The values in the order of names(), if the whole path fits. If it fits in several
  // ways: values of letters and digits alone come first (what Terracotta finds), then
  // the way whose first value is longest, then the second, and so on.
  //
  //   steps   if given, becomes the number of comparisons this took
  // Throws  too_large: repeated names leave too many ways to try.
  // Cost    if no name repeats, at most 8 steps for each byte of the pattern and each of
  //         the path; paths of more than 8192 characters never fit.
  std::optional<std::vector<std::pair<std::string, std::string>>> match(
      std::string_view path, std::uint64_t* steps = nullptr) const;

  // The path that has these values; match() of it fits.
  // Throws invalid_input: a name has no value, a value cannot stand in a path, or the
  // pattern has {} or *.
  std::string fill(const std::map<std::string, std::string>& values) const;

 private:
  enum class Kind { literal, key, again, any };
  struct Part {
    Kind kind;
    std::string literal;         // UTF-8
    std::u32string code_points;  // of the literal
    std::size_t name;            // of key and again: place in names_
  };
  class Matcher;

  Pattern() = default;
  void add_literal(char c);
  void add_any();
  void add_key(std::string_view name, std::string_view whole);

  std::vector<Part> parts_;
  std::vector<std::string> names_;
  bool repeats_ = false;
};

}  // namespace terrazzo
