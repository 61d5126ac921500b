#pragma once
// Text: what may be shown, code points, numbers as Python writes them.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace terrazzo {

struct CodePoint {
  char32_t value;     // U+FFFD if the bytes are not UTF-8
  std::size_t bytes;  // read; at least 1
  bool valid;
};

// The code point that starts at text[at]; at < text.size().
CodePoint code_point_at(std::string_view text, std::size_t at) noexcept;

// A letter or a digit in any script, as Python's str.isalnum() but told by Unicode
// block (unassigned code points of a script count as its letters).
bool is_letter_or_digit(char32_t c) noexcept;

// is_letter_or_digit() or '_': \w of Python.
bool is_word_char(char32_t c) noexcept;

// Text of a stranger for a message: at most `most` code points (then "…"), control
// characters and bytes that are not UTF-8 replaced by U+FFFD.
std::string shown(std::string_view text, std::size_t most = 80);

// Parts between separators; "a,,b" has three, "" has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);

// Without blanks, tabs and line ends at both ends.
std::string_view trimmed(std::string_view text) noexcept;

// A to Z become a to z; everything else stays.
std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);  // likewise a to z

// The name that a misspelt word was likely meant to be; empty if none is near.
std::string_view likely(std::string_view word,
                        const std::vector<std::string_view>& names);

// As repr(float) of Python: shortest digits that read back the same, "1.0", "1e+16",
// "1e-05", "nan", "inf".
std::string python_number(double value);

}  // namespace terrazzo
