#pragma once
// YAML files as the JSON that from_json() reads, with the line of every value.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "terrazzo/base/fields.hpp"

namespace terrazzo {

struct YamlDocument {
  Json value{};

  // The line, from 1, of the value at a JSON pointer ("/steps/0/cog"): where its key
  // stands, or the item of a list. Of what is not there: that of the nearest thing around
  // it that is.
  std::size_t line_of(std::string_view pointer) const;

  std::map<std::string, std::size_t, std::less<>> lines{};
};

// Values as the core schema of YAML 1.2 has them: unquoted null, ~, true, false, whole
// and other numbers; everything else is text, also no, on and 12:30. An alias stands for
// a copy of what has its anchor. An empty file is null.
//
// Throws invalid_input, with source_name:line: it is not YAML, a key is there twice or is
// no text, an alias has no anchor, a number is not finite, a tag is not one of JSON's
// types, there are several documents; nesting passes 100 levels, values 100 000, the text
// 1 MiB.
YamlDocument yaml_document(std::string_view text, std::string_view source_name);

// A name as a part of a JSON pointer: '~' and '/' escaped.
std::string pointer_part(std::string_view name);

}  // namespace terrazzo
