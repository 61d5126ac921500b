#include "terrazzo/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

namespace terrazzo {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD in UTF-8
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

struct Block {
  char32_t first;
  char32_t last;
};

// Beyond ASCII, what is neither letter nor digit: blanks, punctuation, symbols,
// private use, what is beyond Unicode. Sorted.
constexpr std::array not_words{
    Block{0x0080, 0x00A9},   Block{0x00AB, 0x00B1},   Block{0x00B4, 0x00B4},
    Block{0x00B6, 0x00B8},   Block{0x00BB, 0x00BB},   Block{0x00BF, 0x00BF},
    Block{0x00D7, 0x00D7},   Block{0x00F7, 0x00F7},   Block{0x02C2, 0x02C5},
    Block{0x02D2, 0x02DF},   Block{0x0300, 0x036F},   Block{0x037E, 0x037E},
    Block{0x0387, 0x0387},   Block{0x055A, 0x055F},   Block{0x0589, 0x05CF},
    Block{0x0600, 0x061F},   Block{0x0964, 0x0965},   Block{0x1360, 0x1368},
    Block{0x1680, 0x1680},   Block{0x16EB, 0x16ED},   Block{0x2000, 0x206F},
    Block{0x207A, 0x207E},   Block{0x208A, 0x208E},   Block{0x20A0, 0x20FF},
    Block{0x2190, 0x245F},   Block{0x249C, 0x24E9},   Block{0x2500, 0x2775},
    Block{0x2794, 0x2BFF},   Block{0x2E00, 0x2E7F},   Block{0x2FF0, 0x3004},
    Block{0x3008, 0x3020},   Block{0x302A, 0x3030},   Block{0x303D, 0x3040},
    Block{0x3099, 0x309C},   Block{0x30A0, 0x30A0},   Block{0x30FB, 0x30FB},
    Block{0x3200, 0x321F},   Block{0x322A, 0x3247},   Block{0x3260, 0x327F},
    Block{0x328A, 0x32B0},   Block{0x32C0, 0x33FF},   Block{0x4DC0, 0x4DFF},
    Block{0xA490, 0xA4CF},   Block{0xA4FE, 0xA4FF},   Block{0xD800, 0xF8FF},
    Block{0xFD3E, 0xFD4F},   Block{0xFDFC, 0xFE6F},   Block{0xFEFF, 0xFF0F},
    Block{0xFF1A, 0xFF20},   Block{0xFF3B, 0xFF40},   Block{0xFF5B, 0xFF65},
    Block{0xFFE0, 0xFFFF},   Block{0x10100, 0x10106}, Block{0x1D000, 0x1D2FF},
    Block{0x1F000, 0x1F0FF}, Block{0x1F10D, 0x1FBEF}, Block{0xE0000, 0xFFFFFFFF},
};

bool is_ascii_word(char32_t c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

std::size_t sequence_length(unsigned char first) noexcept {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

bool is_overlong_or_surrogate(char32_t c, std::size_t bytes) noexcept {
  return (bytes == 3 && (c < 0x800 || (c >= 0xD800 && c <= 0xDFFF))) ||
         (bytes == 4 && (c < 0x10000 || c > 0x10FFFF));
}

// Letters to insert, remove or change to make b of a.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

}  // namespace

CodePoint code_point_at(std::string_view text, std::size_t at) noexcept {
  constexpr CodePoint broken{0xFFFD, 1, false};
  const auto first = static_cast<unsigned char>(text[at]);
  const std::size_t bytes = sequence_length(first);
  if (bytes == 0 || bytes > text.size() - at) return broken;
  if (bytes == 1) return {first, 1, true};
  char32_t value = first & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0U) != 0x80) return broken;
    value = (value << 6U) | (next & 0x3FU);
  }
  if (is_overlong_or_surrogate(value, bytes)) return broken;
  return {value, bytes, true};
}

bool is_letter_or_digit(char32_t c) noexcept {
  if (c < 0x80) return is_ascii_word(c);
  const auto after = std::ranges::upper_bound(not_words, c, {}, &Block::first);
  return after == not_words.begin() || c > std::prev(after)->last;
}

bool is_word_char(char32_t c) noexcept { return c == '_' || is_letter_or_digit(c); }

std::string shown(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    if (count == most) return out.append(ellipsis);
    const CodePoint c = code_point_at(text, at);
    const bool control = c.value < 0x20 || (c.value >= 0x7F && c.value < 0xA0);
    out.append(c.valid && !control ? text.substr(at, c.bytes) : replacement);
    at += c.bytes;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string upper_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

std::string_view likely(std::string_view word,
                        const std::vector<std::string_view>& names) {
  constexpr std::size_t longest = 64;  // comparing costs the product of the lengths
  std::string_view nearest;
  std::size_t least = 2 + word.size() / 3;
  if (word.size() > longest) return nearest;
  for (const std::string_view name : names) {
    const std::size_t changes = edits(word, name);
    if (changes >= least) continue;
    least = changes;
    nearest = name;
  }
  return nearest;
}

std::string python_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  constexpr double least_fixed = 1e-4;
  constexpr double least_scientific = 1e16;
  const double size = std::abs(value);
  const bool fixed = size == 0 || (size >= least_fixed && size < least_scientific);
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                    fixed ? std::chars_format::fixed : std::chars_format::scientific)
          .ptr;
  std::string out{buffer.data(), end};
  if (fixed && out.find('.') == std::string::npos) out += ".0";
  return out;
}

}  // namespace terrazzo
