#include "terrazzo/http/text.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace terrazzo::http {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct CodeRange {
  char32_t first;
  char32_t last;
};

// Other, separator and surrogate code points, as str.isprintable() sorts them; without
// the unassigned ones.
constexpr CodeRange not_printed[] = {
    {0x00, 0x1F},     {0x7F, 0xA0},       {0xAD, 0xAD},        {0x600, 0x605},
    {0x61C, 0x61C},   {0x6DD, 0x6DD},     {0x70F, 0x70F},      {0x1680, 0x1680},
    {0x180E, 0x180E}, {0x2000, 0x200F},   {0x2028, 0x202F},    {0x205F, 0x206F},
    {0x3000, 0x3000}, {0xD800, 0xF8FF},   {0xFEFF, 0xFEFF},    {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF}, {0xE0000, 0xE0FFF}, {0xF0000, 0x10FFFF},
};

bool is_printed(char32_t code) {
  return std::ranges::none_of(
      not_printed, [&](const CodeRange& r) { return code >= r.first && code <= r.last; });
}

void append_escaped(std::string& out, char32_t code) {
  if (code == '\n') {
    out += "\\n";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code == '\t') {
    out += "\\t";
  } else if (code < 0x100) {
    out += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(code));
  } else if (code < 0x10000) {
    out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(code));
  } else {
    out += fmt::format("\\U{:08x}", static_cast<std::uint32_t>(code));
  }
}

std::string_view python_stripped(std::string_view text) {
  const auto is_blank = [](char c) {
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
  };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Takes digits with single underscores between them; false if there are none.
bool take_digits(std::string_view& text, std::string& digits) {
  if (text.empty() || !is_digit(text[0])) return false;
  while (!text.empty()) {
    if (is_digit(text[0])) {
      digits.push_back(text[0]);
      text.remove_prefix(1);
    } else if (text[0] == '_' && text.size() > 1 && is_digit(text[1])) {
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  return true;
}

bool take_sign(std::string_view& text, std::string& number) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return false;
  if (text[0] == '-') number.push_back('-');
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string utf8_repaired(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    out += point.valid ? text.substr(at, point.bytes) : "\xEF\xBF\xBD";
    at += point.bytes;
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (!point.valid) return false;
    at += point.bytes;
  }
  return true;
}

std::string percent_encoded(std::string_view text, std::string_view kept) {
  constexpr std::string_view always = "-._~";
  std::string out;
  for (const char c : text) {
    const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (is_plain || always.find(c) != always.npos || kept.find(c) != kept.npos) {
      out.push_back(c);
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string python_repr(std::string_view utf8) {
  const bool double_quotes = utf8.find('\'') != utf8.npos && utf8.find('"') == utf8.npos;
  const char quote = double_quotes ? '"' : '\'';
  std::string out(1, quote);
  for (std::size_t at = 0; at < utf8.size();) {
    const auto [code, bytes, valid] = code_point_at(utf8, at);
    if (code == static_cast<unsigned char>(quote) || code == '\\') out.push_back('\\');
    if (is_printed(code)) {
      out += valid ? utf8.substr(at, bytes) : "\xEF\xBF\xBD";
    } else {
      append_escaped(out, code);
    }
    at += bytes;
  }
  out.push_back(quote);
  return out;
}

std::optional<std::int64_t> python_int(std::string_view text) {
  text = python_stripped(text);
  std::string number;
  take_sign(text, number);
  if (!take_digits(text, number) || !text.empty()) return std::nullopt;
  // Python refuses to read more digits than that.
  constexpr std::size_t most_digits = 4300;
  if (number.size() > most_digits) return std::nullopt;
  return std::strtoll(number.c_str(), nullptr, 10);  // saturates
}

std::optional<double> python_float(std::string_view text) {
  text = python_stripped(text);
  std::string number;
  take_sign(text, number);
  const std::string word = lower_case(text.substr(0, 9));
  const double sign = number == "-" ? -1 : 1;
  if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (word == "inf" || word == "infinity")
    return sign * std::numeric_limits<double>::infinity();

  bool has_digits = take_digits(text, number);
  if (text.starts_with('.')) {
    number.push_back('.');
    text.remove_prefix(1);
    has_digits = take_digits(text, number) || has_digits;
  }
  if (!has_digits) return std::nullopt;
  if (!text.empty() && (text[0] == 'e' || text[0] == 'E')) {
    number.push_back('e');
    text.remove_prefix(1);
    take_sign(text, number);
    if (!take_digits(text, number)) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return std::strtod(number.c_str(), nullptr);  // infinite or 0 beyond the range
}

}  // namespace terrazzo::http
