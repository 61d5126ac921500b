#include <algorithm>
#include <charconv>
#include <limits>

#include "terrazzo/raster/expression_syntax.hpp"

namespace terrazzo::raster::expressions {
namespace {

constexpr std::size_t most_brackets = 200;

constexpr std::string_view keywords[] = {
    "False",  "None",   "True",    "and",      "as",       "assert", "async",
    "await",  "break",  "class",   "continue", "def",      "del",    "elif",
    "else",   "except", "finally", "for",      "from",     "global", "if",
    "import", "in",     "is",      "lambda",   "nonlocal", "not",    "or",
    "pass",   "raise",  "return",  "try",      "while",    "with",   "yield"};

// The longest first.
constexpr std::string_view signs[] = {
    "...", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", ":=", "(",
    ")",   "[",  "]",  "{",  "}",  "+",  "-",  "*",  "/",  "%",  "@",
    "&",   "|",  "^",  "~",  "<",  ">",  "=",  ",",  ":",  "."};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters beyond ASCII: the scripts in use; an approximation of Unicode's XID_Continue.
bool is_foreign_letter(std::uint32_t code) {
  constexpr std::pair<std::uint32_t, std::uint32_t> ranges[] = {
      {0xAA, 0xAA},     {0xB5, 0xB5},     {0xBA, 0xBA},     {0xC0, 0xD6},
      {0xD8, 0xF6},     {0xF8, 0x2C1},    {0x300, 0x374},   {0x37B, 0x37D},
      {0x386, 0x386},   {0x388, 0x481},   {0x48A, 0x556},   {0x561, 0x587},
      {0x5D0, 0x5EA},   {0x620, 0x669},   {0x671, 0x6D3},   {0x900, 0x963},
      {0x966, 0x96F},   {0xE01, 0xE3A},   {0x10A0, 0x10FA}, {0x1E00, 0x1FBC},
      {0x2C00, 0x2CE4}, {0x3041, 0x3096}, {0x30A1, 0x30FA}, {0x3400, 0x4DBF},
      {0x4E00, 0x9FFF}, {0xAC00, 0xD7A3}};
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const auto& range) {
    return range.first <= code && code <= range.second;
  });
}

class Scanner {
 public:
  Scanner(std::string_view text, std::string_view whole) : text_(text), whole_(whole) {}

  std::vector<Token> run() {
    skip_empty_lines();
    while (at_ < text_.size()) step();
    if (brackets_ != 0) fail();
    tokens_.push_back({.kind = Token::Kind::end});
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail() const { throw not_valid(whole_); }

  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  bool starts(std::string_view with) const { return text_.substr(at_).starts_with(with); }

  // Lines of blanks and comments, then no blank before what follows.
  void skip_empty_lines() {
    while (at_ < text_.size()) {
      std::size_t end = at_;
      bool indented = false;
      for (; end < text_.size() && is_blank(text_[end]); ++end)
        indented = text_[end] != '\f';
      const bool comment = end < text_.size() && text_[end] == '#';
      if (comment) end = std::min(text_.find_first_of("\r\n", end), text_.size());
      const bool at_end = end == text_.size();
      if (at_end && indented && !comment) fail();
      if (!at_end && text_[end] != '\n' && text_[end] != '\r') {
        if (indented) fail();
        at_ = end;
        return;
      }
      at_ = std::min(end + 1, text_.size());
    }
  }

  void step() {
    const char c = peek();
    if (is_blank(c)) {
      ++at_;
    } else if (c == '#') {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else if (c == '\n' || c == '\r') {
      end_line();
    } else if (c == '\\') {
      join_lines();
    } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
      scan_number();
    } else if (c == '"' || c == '\'') {
      scan_text("");
    } else if (letter_length() > 0) {
      scan_name();
    } else {
      scan_sign();
    }
  }

  void end_line() {
    ++at_;
    if (brackets_ != 0) return;
    tokens_.push_back({.kind = Token::Kind::line});
    skip_empty_lines();
  }

  void join_lines() {
    ++at_;
    if (starts("\r\n")) ++at_;
    if (peek() != '\n' && peek() != '\r') fail();
    ++at_;
    if (at_ >= text_.size()) fail();
  }

  // Bytes of the letter (or digit) at the cursor; 0: it is none.
  std::size_t letter_length() const {
    const char c = peek();
    if (is_letter(c) || is_digit(c)) return 1;
    const auto lead = static_cast<unsigned char>(c);
    if (lead < 0xC2) return 0;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t code = lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i)
      code = code << 6U | (static_cast<unsigned char>(peek(i)) & 0x3FU);
    return is_foreign_letter(code) ? length : 0;
  }

  void scan_name() {
    const std::size_t start = at_;
    while (const std::size_t length = letter_length()) at_ += length;
    const std::string_view name = text_.substr(start, at_ - start);
    if ((peek() == '"' || peek() == '\'') && is_prefix(name)) return scan_text(name);
    const bool keyword = std::ranges::find(keywords, name) != std::end(keywords);
    tokens_.push_back(
        {.kind = keyword ? Token::Kind::keyword : Token::Kind::name, .text = name});
  }

  static bool is_prefix(std::string_view name) {
    std::string low(name);
    std::transform(low.begin(), low.end(), low.begin(), lower);
    for (const std::string_view prefix : {"b", "u", "r", "f", "br", "rb", "fr", "rf"})
      if (low == prefix) return true;
    return false;
  }

  void scan_sign() {
    const auto* sign =
        std::ranges::find_if(signs, [&](std::string_view word) { return starts(word); });
    if (sign == std::end(signs)) fail();
    const char c = peek();
    if (c == '(' || c == '[' || c == '{') {
      if (++brackets_ > most_brackets) fail();
    } else if (c == ')' || c == ']' || c == '}') {
      if (brackets_-- == 0) fail();
    }
    at_ += sign->size();
    tokens_.push_back({.kind = Token::Kind::sign, .text = *sign});
  }

  // Digits with single underscores between them. False: none here.
  bool digits(std::string& out, bool (*is)(char)) {
    if (!is(peek())) return false;
    while (true) {
      while (is(peek())) out += text_[at_++];
      if (peek() != '_') return true;
      if (!is(peek(1))) fail();
      ++at_;
    }
  }

  void scan_number() {
    constexpr std::pair<char, int> bases[] = {{'x', 16}, {'o', 8}, {'b', 2}};
    for (const auto& [letter, base] : bases)
      if (peek() == '0' && lower(peek(1)) == letter) return scan_based(base);
    std::string all;
    digits(all, is_digit);
    bool real = false;
    if (peek() == '.') {
      real = true;
      all += text_[at_++];
      digits(all, is_digit);
    }
    const bool sign = peek(1) == '+' || peek(1) == '-';
    if (lower(peek()) == 'e' && (is_digit(peek(1)) || sign)) {
      real = true;
      all += text_[at_++];
      if (sign) all += text_[at_++];
      if (!digits(all, is_digit)) fail();
    }
    const bool imaginary = lower(peek()) == 'j';
    if (imaginary) ++at_;
    if (!real && !imaginary && all[0] == '0' &&
        all.find_first_not_of('0') != std::string::npos)
      fail();
    add_number(all, real || imaginary, imaginary);
  }

  void scan_based(int base) {
    at_ += 2;
    if (peek() == '_') ++at_;
    std::string all;
    if (!digits(all, base == 16 ? is_hex : is_digit)) fail();
    for (const char c : all)
      if (is_digit(c) && c - '0' >= base) fail();
    end_number();
    tokens_.push_back(integer(all, base));
  }

  void add_number(const std::string& all, bool real, bool imaginary) {
    end_number();
    if (!real) return tokens_.push_back(integer(all, 10));
    double value = 0;
    const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), value);
    if (error == std::errc::result_out_of_range)
      value = all.find("e-") == std::string::npos && all.find("E-") == std::string::npos
                  ? std::numeric_limits<double>::infinity()
                  : 0;
    tokens_.push_back({.kind = Token::Kind::number,
                       .number = Scalar::of_real(value, false),
                       .imaginary = imaginary});
  }

  static Token integer(const std::string& all, int base) {
    Token token{.kind = Token::Kind::number};
    BigInteger value = 0;
    for (const char c : all) {
      const int digit = is_digit(c) ? c - '0' : lower(c) - 'a' + 10;
      token.too_large = token.too_large || __builtin_mul_overflow(value, base, &value) ||
                        __builtin_add_overflow(value, digit, &value);
    }
    token.number = Scalar::of_integer(value, false);
    return token;
  }

  // Only these words may follow a number without a blank.
  void end_number() {
    if (letter_length() == 0) return;
    for (const std::string_view word :
         {"and", "else", "for", "if", "in", "is", "or", "not"})
      if (starts(word)) return;
    fail();
  }

  void scan_text(std::string_view prefix) {
    const auto has = [&](char letter) {
      return std::any_of(prefix.begin(), prefix.end(),
                         [&](char c) { return lower(c) == letter; });
    };
    Token token{.kind = Token::Kind::text, .bytes = has('b'), .formatted = has('f')};
    const char quote = peek();
    const std::string triple(3, quote);
    const bool is_triple = starts(triple);
    const std::string_view closing =
        is_triple ? std::string_view(triple) : std::string_view(triple).substr(0, 1);
    at_ += closing.size();
    const std::size_t start = at_;
    while (!starts(closing)) {
      if (at_ >= text_.size() || (!is_triple && (peek() == '\n' || peek() == '\r')))
        fail();
      if (token.bytes && static_cast<unsigned char>(peek()) >= 0x80) fail();
      if (peek() == '\\') {
        if (!has('r')) check_escape(token.bytes);
        ++at_;
      }
      if (++at_ > text_.size()) fail();
    }
    if (token.formatted) check_fields(text_.substr(start, at_ - start), 0);
    at_ += closing.size();
    tokens_.push_back(token);
  }

  void check_escape(bool bytes) const {
    constexpr std::pair<char, std::size_t> lengths[] = {{'x', 2}, {'u', 4}, {'U', 8}};
    for (const auto& [letter, length] : lengths) {
      if (peek(1) != letter || (bytes && letter != 'x')) continue;
      for (std::size_t i = 0; i < length; ++i)
        if (!is_hex(peek(2 + i))) fail();
    }
    if (!bytes && peek(1) == 'N' && peek(2) != '{') fail();
  }

  // The {fields} of a formatted text, whose expressions must be valid too.
  void check_fields(std::string_view body, int level) const {
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (body[i] != '{' && body[i] != '}') continue;
      if (level == 0 && i + 1 < body.size() && body[i + 1] == body[i]) {
        ++i;
        continue;
      }
      if (body[i] == '}' || level > 1) fail();
      i = check_field(body, i + 1, level);
    }
  }

  // From behind `{`; returns where its `}` is.
  std::size_t check_field(std::string_view body, std::size_t start, int level) const {
    std::size_t end = start;
    int depth = 0;
    char quote = '\0';
    for (; end < body.size(); ++end) {
      const char c = body[end];
      if (c == '\\' || c == '#') fail();
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '(' || c == '[' || c == '{') {
        ++depth;
      } else if (depth > 0 && (c == ')' || c == ']' || c == '}')) {
        --depth;
      } else if (depth == 0 && (c == '}' || c == ':' || ends_field(body, end))) {
        break;
      }
    }
    syntax_of("(" + std::string(body.substr(start, end - start)) + ")", whole_);
    if (body.substr(start, end - start).find_first_not_of(" \t\f\r\n") ==
        std::string_view::npos)
      fail();
    return check_field_end(body, end, level);
  }

  static bool ends_field(std::string_view body, std::size_t at) {
    const char next = at + 1 < body.size() ? body[at + 1] : '\0';
    const char before = at > 0 ? body[at - 1] : '\0';
    if (body[at] == '!') return next != '=';
    return body[at] == '=' && next != '=' &&
           std::string_view("=!<>").find(before) == std::string_view::npos;
  }

  std::size_t check_field_end(std::string_view body, std::size_t at, int level) const {
    const auto here = [&] { return at < body.size() ? body[at] : '\0'; };
    if (here() == '=')
      for (++at; is_blank(here());) ++at;
    if (here() == '!') {
      ++at;
      if (std::string_view("sra").find(here()) == std::string_view::npos) fail();
      ++at;
    }
    if (here() == ':') {
      const std::size_t start = ++at;
      for (int depth = 0; at < body.size() && (depth > 0 || body[at] != '}'); ++at) {
        if (body[at] == '{') ++depth;
        if (body[at] == '}') --depth;
      }
      check_fields(body.substr(start, at - start), level + 1);
    }
    if (here() != '}') fail();
    return at;
  }

  std::string_view text_;
  std::string_view whole_;
  std::size_t at_ = 0;
  std::size_t brackets_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

Error not_valid(std::string_view whole) {
  return invalid("given string {} is not a valid expression", whole);
}

std::vector<Token> tokens_of(std::string_view text, std::string_view whole) {
  return Scanner(text, whole).run();
}

}  // namespace terrazzo::raster::expressions
