#include <cstdlib>
#include <limits>
#include <string>
#include <unordered_map>

#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

constexpr int deepest = 200;

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// A recursive reader; every function is false at the first thing json.loads refuses.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  std::optional<Json> document() {
    Json value;
    skip_blanks();
    if (!read(value, 0)) return std::nullopt;
    skip_blanks();
    if (!rest_.empty()) return std::nullopt;
    return value;
  }

 private:
  void skip_blanks() {
    const auto next = rest_.find_first_not_of(" \t\n\r");
    rest_.remove_prefix(next == rest_.npos ? rest_.size() : next);
  }

  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool read(Json& value, int depth) {
    if (depth > deepest || rest_.empty()) return false;
    if (take("{")) return read_object(value, depth);
    if (take("[")) return read_list(value, depth);
    if (take("\"")) {
      std::string text;
      if (!read_string(text)) return false;
      value = std::move(text);
      return true;
    }
    return read_word(value) || read_number(value);
  }

  bool read_word(Json& value) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (take("null")) {
      value = nullptr;
    } else if (take("true")) {
      value = true;
    } else if (take("false")) {
      value = false;
    } else if (take("NaN")) {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (take("Infinity")) {
      value = infinity;
    } else if (take("-Infinity")) {
      value = -infinity;
    } else {
      return false;
    }
    return true;
  }

  std::size_t digits_from(std::size_t at) const {
    std::size_t end = at;
    while (end < rest_.size() && rest_[end] >= '0' && rest_[end] <= '9') ++end;
    return end - at;
  }

  bool read_number(Json& value) {
    std::size_t end = rest_.starts_with('-') ? 1 : 0;
    if (digits_from(end) == 0) return false;
    end += rest_[end] == '0' ? 1 : digits_from(end);
    const std::size_t whole_end = end;
    if (end < rest_.size() && rest_[end] == '.' && digits_from(end + 1) > 0)
      end += 1 + digits_from(end + 1);
    if (end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
      std::size_t digits = end + 1;
      if (digits < rest_.size() && (rest_[digits] == '-' || rest_[digits] == '+'))
        ++digits;
      if (digits_from(digits) > 0) end = digits + digits_from(digits);
    }
    const std::string number{rest_.substr(0, end)};
    rest_.remove_prefix(end);
    constexpr std::size_t sure_to_fit = 18;
    if (end == whole_end && end <= sure_to_fit) {
      value = static_cast<std::int64_t>(std::strtoll(number.c_str(), nullptr, 10));
    } else {
      value = std::strtod(number.c_str(), nullptr);
    }
    return true;
  }

  bool read_string(std::string& out) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out.push_back(c);
      } else if (!read_escape(out)) {
        return false;
      }
    }
    return false;
  }

  bool read_escape(std::string& out) {
    if (rest_.empty()) return false;
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view values = "\"\\/\b\f\n\r\t";
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (const auto known = names.find(c); known != names.npos) {
      out.push_back(values[known]);
      return true;
    }
    std::uint32_t code = 0;
    if (c != 'u' || !read_code_unit(code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && rest_.starts_with("\\u")) {
      const std::string_view before = rest_;
      rest_.remove_prefix(2);
      std::uint32_t low = 0;
      if (!read_code_unit(low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        append_utf8(out, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
        return true;
      }
      rest_ = before;
    }
    // Half of a pair has no UTF-8.
    append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
    return true;
  }

  bool read_code_unit(std::uint32_t& code) {
    if (rest_.size() < 4) return false;
    for (const char c : rest_.substr(0, 4)) {
      const auto digit = std::string_view{"0123456789abcdef"}.find(
          static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
      if (digit == std::string_view::npos) return false;
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    rest_.remove_prefix(4);
    return true;
  }

  bool read_list(Json& value, int depth) {
    value = Json::array();
    skip_blanks();
    if (take("]")) return true;
    while (true) {
      skip_blanks();
      Json item;
      if (!read(item, depth + 1)) return false;
      value.push_back(std::move(item));
      skip_blanks();
      if (take("]")) return true;
      if (!take(",")) return false;
    }
  }

  bool read_object(Json& value, int depth) {
    value = Json::object();
    auto& entries = value.get_ref<Json::object_t&>();
    // Looking for a name in an ordered object is linear; many names would be a burden.
    std::unordered_map<std::string, std::size_t> places;
    skip_blanks();
    if (take("}")) return true;
    while (true) {
      skip_blanks();
      std::string name;
      Json item;
      if (!take("\"") || !read_string(name)) return false;
      skip_blanks();
      if (!take(":")) return false;
      skip_blanks();
      if (!read(item, depth + 1)) return false;
      const auto [place, is_new] = places.emplace(name, entries.size());
      if (is_new) {
        entries.emplace_back(std::move(name), std::move(item));
      } else {
        (entries.begin() + static_cast<std::ptrdiff_t>(place->second))->second =
            std::move(item);
      }
      skip_blanks();
      if (take("}")) return true;
      if (!take(",")) return false;
    }
  }

  std::string_view rest_;
};

}  // namespace

std::optional<Json> python_json(std::string_view utf8) {
  if (!is_utf8(utf8)) return std::nullopt;
  return JsonReader{utf8}.document();
}

}  // namespace terrazzo::http
