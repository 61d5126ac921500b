#pragma once
// Letters in UTF-8, as key names and the search of key values need them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace terrazzo::catalog {

// Empty: not UTF-8 (cut off, overlong, a surrogate or past U+10FFFF).
std::optional<std::u32string> code_points(std::string_view text);

// UTF-8 without NUL: what every database keeps as text.
bool is_text(std::string_view text);

// Letters and digits of any script and underscores, at least one: Python's ^\w+$.
bool is_word(std::string_view text);

// Every letter lower-case, whatever its script. What is not UTF-8 is folded as ASCII.
std::string folded(std::string_view text);

// folded(text), cut at blanks.
std::vector<std::string> folded_words(std::string_view text);

}  // namespace terrazzo::catalog
