#include "terrazzo/pipeline/template.hpp"

#include <algorithm>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::pipeline {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_word_char(static_cast<unsigned char>(c)) &&
           static_cast<unsigned char>(c) < 0x80;
  });
}

}  // namespace

Template::Template(std::string_view text) : text_(text) {
  Part part;
  while (!text.empty()) {
    const auto at = text.find_first_of("{}");
    part.literal += text.substr(0, at);
    if (at == std::string_view::npos) break;
    const char brace = text[at];
    text.remove_prefix(at + 1);
    if (text.starts_with(brace)) {
      part.literal += brace;
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find('}');
    if (brace == '}' || end == std::string_view::npos || !is_name(text.substr(0, end)))
      throw invalid(
          "'{}' has a brace that belongs to no name; it is as {{name}}, and {{{{ and "
          "}}}} stand for the braces themselves",
          shown(text_));
    part.name = text.substr(0, end);
    parts_.push_back(std::exchange(part, {}));
    text.remove_prefix(end + 1);
  }
  if (!part.literal.empty()) parts_.push_back(std::move(part));
}

std::vector<std::string> Template::names() const {
  std::vector<std::string> names;
  for (const Part& part : parts_)
    if (!part.name.empty() && std::ranges::find(names, part.name) == names.end())
      names.push_back(part.name);
  return names;
}

bool Template::has(std::string_view name) const {
  return std::ranges::find(parts_, name, &Part::name) != parts_.end();
}

std::string Template::fill(const Attributes& attributes) const {
  std::string text;
  for (const Part& part : parts_) {
    text += part.literal;
    if (part.name.empty()) continue;
    const auto found = attributes.find(part.name);
    if (found == attributes.end())
      throw invalid("'{}' cannot be filled in: there is no attribute '{}'", shown(text_),
                    part.name);
    text += found->second;
  }
  return text;
}

}  // namespace terrazzo::pipeline
