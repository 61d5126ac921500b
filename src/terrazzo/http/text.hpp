#pragma once
// Text as the web and as Python see it. Terracotta's error messages are Python's
// printed values, and its parameters are read by Python's json, int() and float().

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::http {

// Each byte that is not part of valid UTF-8 becomes U+FFFD.
std::string utf8_repaired(std::string_view text);
bool is_utf8(std::string_view text);

// Letters, digits, - . _ ~ and `kept` stay; every other byte becomes %XX.
std::string percent_encoded(std::string_view text,
                            std::string_view kept = "/!$&'()*+,;=:@");

std::string html_escaped(std::string_view text);

// repr() of a str: 'it', "it's", 'a\nb'. Code points that Python does not print are
// escaped where they are controls, blanks other than U+0020, format or private ones.
std::string python_repr(std::string_view utf8);

// json.loads(): NaN and Infinity are numbers, the last of equal names counts, integers
// beyond 64 bits become doubles. Empty if it would raise; also beyond 200 levels.
std::optional<Json> python_json(std::string_view utf8);

// int(text) and float(text): blanks around, a sign and single underscores between
// digits are fine. Integers are held within int64. Empty if they would raise.
std::optional<std::int64_t> python_int(std::string_view text);
std::optional<double> python_float(std::string_view text);

}  // namespace terrazzo::http
