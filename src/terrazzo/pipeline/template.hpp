#pragma once
// Texts with attributes in them: "{county}/{year}/cog/{generation}/{stem}.tif".

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace terrazzo::pipeline {

using Attributes = std::map<std::string, std::string, std::less<>>;

// {{ and }} stand for the braces themselves. Immutable.
class Template {
 public:
  // Throws invalid_input: a brace without its partner, or nothing but letters, digits
  // and '_' may be a name.
  explicit Template(std::string_view text);

  // Each once, in the order of their first places.
  std::vector<std::string> names() const;
  bool has(std::string_view name) const;

  // Throws invalid_input: an attribute is missing.
  std::string fill(const Attributes& attributes) const;

  // As it was given.
  const std::string& text() const { return text_; }

 private:
  struct Part {
    std::string literal;
    std::string name;  // follows the literal; empty: nothing does
  };
  std::string text_;
  std::vector<Part> parts_;
};

}  // namespace terrazzo::pipeline
