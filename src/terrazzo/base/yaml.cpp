#include "terrazzo/base/yaml.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include <yaml.h>

#include "terrazzo/base/text.hpp"

namespace terrazzo {
namespace {

constexpr std::size_t longest_text = std::size_t{1} << 20U;
constexpr std::size_t deepest = 100;
constexpr std::size_t most_values = 100'000;

std::string_view text_of(const yaml_char_t* text, std::size_t length) {
  return {reinterpret_cast<const char*>(text), length};
}

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view{} : reinterpret_cast<const char*>(text);
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (text == word) return true;
  return false;
}

template <class T>
std::optional<T> number_of(std::string_view digits, int base) {
  T value{};
  const auto* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, base);
  if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return value;
}

// "+7" is a number, "+-7" is none.
std::string_view without_plus(std::string_view text) {
  const bool is_signed = text.starts_with('+') && !text.starts_with("+-");
  return is_signed ? text.substr(1) : text;
}

std::optional<Json> whole_number(std::string_view text) {
  if (text.starts_with("0x")) return number_of<std::uint64_t>(text.substr(2), 16);
  if (text.starts_with("0o")) return number_of<std::uint64_t>(text.substr(2), 8);
  text = without_plus(text);
  if (const auto value = number_of<std::int64_t>(text, 10)) return *value;
  if (const auto value = number_of<std::uint64_t>(text, 10)) return *value;
  return std::nullopt;
}

std::optional<double> other_number(std::string_view text) {
  text = without_plus(text);
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits[0] != '.' && (digits[0] < '0' || digits[0] > '9')))
    return std::nullopt;
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value);
  if (read.ec == std::errc::invalid_argument || read.ptr != end) return std::nullopt;
  return read.ec == std::errc{} ? value : HUGE_VAL;
}

struct Event {
  Event() = default;
  ~Event() { yaml_event_delete(&raw); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  yaml_event_t raw{};
};

class Reader {
 public:
  Reader(std::string_view text, std::string_view source) : source_(source) {
    if (text.size() > longest_text)
      throw invalid("{}: this is longer than 1 MiB", shown(source));
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc{};
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(
        &parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Reader() { yaml_parser_delete(&parser_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  YamlDocument document() {
    next();  // the stream begins
    if (next() == YAML_STREAM_END_EVENT) return {};
    YamlDocument result;
    lines_ = &result.lines;
    next();
    result.value = value("", 0);
    next();  // the document ends
    if (next() != YAML_STREAM_END_EVENT)
      throw wrong("there are several documents; one is wanted");
    return result;
  }

 private:
  yaml_event_type_t next() {
    event_.emplace();
    if (yaml_parser_parse(&parser_, &event_->raw) == 0) {
      const auto line = std::max(parser_.problem_mark.line, parser_.context_mark.line);
      throw invalid("{}:{}: this is not YAML: {}", shown(source_), line + 1,
                    parser_.problem == nullptr ? "it cannot be read" : parser_.problem);
    }
    return event_->raw.type;
  }

  std::size_t line() const { return event_->raw.start_mark.line + 1; }

  Error wrong(std::string_view what) const {
    return invalid("{}:{}: {}", shown(source_), line(), what);
  }

  // The value that the current event begins.
  Json value(const std::string& pointer, std::size_t depth) {
    if (depth > deepest)
      throw wrong(fmt::format("this is nested more than {} deep", deepest));
    if (++values_ > most_values)
      throw wrong(fmt::format("there are more than {} values", most_values));
    lines_->try_emplace(pointer, line());
    const yaml_event_t& event = event_->raw;
    switch (event.type) {
      case YAML_ALIAS_EVENT:
        return copy_of(text_of(event.data.alias.anchor));
      case YAML_SCALAR_EVENT: {
        const auto anchor = std::string{text_of(event.data.scalar.anchor)};
        return kept(anchor, scalar());
      }
      case YAML_SEQUENCE_START_EVENT: {
        check_tag(event.data.sequence_start.tag, "tag:yaml.org,2002:seq");
        const auto anchor = std::string{text_of(event.data.sequence_start.anchor)};
        return kept(anchor, list(pointer, depth));
      }
      default: {
        check_tag(event.data.mapping_start.tag, "tag:yaml.org,2002:map");
        const auto anchor = std::string{text_of(event.data.mapping_start.anchor)};
        return kept(anchor, object(pointer, depth));
      }
    }
  }

  Json list(const std::string& pointer, std::size_t depth) {
    Json items = Json::array();
    while (next() != YAML_SEQUENCE_END_EVENT)
      items.push_back(value(fmt::format("{}/{}", pointer, items.size()), depth + 1));
    return items;
  }

  Json object(const std::string& pointer, std::size_t depth) {
    Json members = Json::object();
    while (next() != YAML_MAPPING_END_EVENT) {
      if (event_->raw.type != YAML_SCALAR_EVENT)
        throw wrong("a key is one text, not a list, an object or an alias");
      const auto& key = event_->raw.data.scalar;
      const std::string name{text_of(key.value, key.length)};
      if (members.contains(name))
        throw wrong(fmt::format("'{}' is there twice", shown(name)));
      const auto below = fmt::format("{}/{}", pointer, pointer_part(name));
      lines_->emplace(below, line());
      next();
      members[name] = value(below, depth + 1);
    }
    return members;
  }

  Json scalar() const {
    const auto& event = event_->raw.data.scalar;
    const auto text = text_of(event.value, event.length);
    const auto tag = text_of(event.tag);
    if (event.style != YAML_PLAIN_SCALAR_STYLE || tag == YAML_STR_TAG) return text;
    if (!tag.empty() &&
        !is_one_of(tag, {YAML_NULL_TAG, YAML_BOOL_TAG, YAML_INT_TAG, YAML_FLOAT_TAG}))
      throw wrong(fmt::format("the tag '{}' is not known here", shown(tag)));
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
    if (is_one_of(text, {"true", "True", "TRUE"})) return true;
    if (is_one_of(text, {"false", "False", "FALSE"})) return false;
    if (auto whole = whole_number(text)) return *whole;
    if (is_one_of(lower_case(text), {".inf", "+.inf", "-.inf", ".nan"}))
      throw wrong(fmt::format("'{}' is not a finite number", text));
    if (const auto number = other_number(text)) {
      if (!std::isfinite(*number))
        throw wrong(fmt::format("'{}' is not a finite number", shown(text)));
      return *number;
    }
    return text;
  }

  void check_tag(const yaml_char_t* tag, std::string_view right) const {
    const auto given = text_of(tag);
    if (!given.empty() && given != right)
      throw wrong(fmt::format("the tag '{}' is not known here", shown(given)));
  }

  static std::size_t count_of(const Json& json) {
    std::size_t count = 1;
    if (json.is_structured())
      for (const Json& item : json) count += count_of(item);
    return count;
  }

  Json copy_of(std::string_view anchor) {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw wrong(fmt::format("nothing before this has the anchor '{}'", shown(anchor)));
    values_ += found->second.count;
    if (values_ > most_values)
      throw wrong(fmt::format("there are more than {} values", most_values));
    return found->second.value;
  }

  Json kept(const std::string& anchor, Json json) {
    if (!anchor.empty()) anchors_[anchor] = {json, count_of(json)};
    return json;
  }

  struct Anchored {
    Json value;
    std::size_t count;
  };

  std::string_view source_;
  yaml_parser_t parser_{};
  std::optional<Event> event_;
  std::map<std::string, std::size_t, std::less<>>* lines_ = nullptr;
  std::map<std::string, Anchored, std::less<>> anchors_;
  std::size_t values_ = 0;
};

}  // namespace

std::string pointer_part(std::string_view name) {
  std::string part;
  for (const char c : name)
    if (c == '~')
      part += "~0";
    else if (c == '/')
      part += "~1";
    else
      part += c;
  return part;
}

std::size_t YamlDocument::line_of(std::string_view pointer) const {
  while (true) {
    if (const auto found = lines.find(pointer); found != lines.end())
      return found->second;
    if (pointer.empty()) return 1;
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

YamlDocument yaml_document(std::string_view text, std::string_view source_name) {
  return Reader{text, source_name}.document();
}

}  // namespace terrazzo
