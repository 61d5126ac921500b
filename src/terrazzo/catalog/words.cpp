#include "terrazzo/catalog/words.hpp"

#include <locale.h>
#include <clocale>
#include <cwctype>

namespace terrazzo::catalog {
namespace {

// The C library's tables of letters; its own "C.UTF-8" is there without any package.
locale_t letters() {
  static const locale_t found = [] {
    const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return utf8 != nullptr ? utf8 : ::newlocale(LC_CTYPE_MASK, "C", nullptr);
  }();
  return found;
}

void append_utf8(std::string& out, char32_t c) {
  const auto tail = [&](int shift) {
    out += static_cast<char>(0x80 | ((c >> shift) & 0x3f));
  };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | (c >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (c >> 18));
    tail(12), tail(6), tail(0);
  }
}

// Bytes of the sequence that `lead` starts; 0: it cannot start one.
std::size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

bool is_scalar(char32_t c, std::size_t length) {
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return c >= least[length] && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

}  // namespace

std::optional<std::u32string> code_points(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = sequence_length(lead);
    if (length == 0 || i + length > text.size()) return {};
    char32_t c = length == 1 ? lead : lead & (0xffU >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return {};
      c = (c << 6) | (next & 0x3f);
    }
    if (!is_scalar(c, length)) return {};
    out += c;
    i += length;
  }
  return out;
}

bool is_text(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;
  return is_ascii(text) || code_points(text);
}

bool is_word(std::string_view text) {
  const auto points = code_points(text);
  if (!points || points->empty()) return false;
  for (const char32_t c : *points)
    if (c != U'_' && ::iswalnum_l(static_cast<wint_t>(c), letters()) == 0) return false;
  return true;
}

std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  const auto points = is_ascii(text) ? std::nullopt : code_points(text);
  if (points) {
    for (const char32_t c : *points)
      append_utf8(out,
                  static_cast<char32_t>(::towlower_l(static_cast<wint_t>(c), letters())));
  } else {
    for (const char c : text) out += ascii_lower(c);
  }
  return out;
}

std::vector<std::string> folded_words(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(blanks); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
    words.push_back(folded(text.substr(at, end - at)));
    at = text.find_first_not_of(blanks, end);
  }
  return words;
}

}  // namespace terrazzo::catalog
