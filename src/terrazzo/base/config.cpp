#include "terrazzo/base/config.hpp"

namespace {
struct BrokenAssertion {};
constexpr void must_hold(bool condition) {
  if (!condition) throw BrokenAssertion{};
}
}  // namespace

// toml++ 3.3 asserts of some texts what they need not hold, as "x = 1979-05-27T-": the
// text is at fault then, and the program goes on.
#define TOML_ASSERT(condition) ::must_hold(static_cast<bool>(condition))
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "terrazzo/base/text.hpp"

namespace terrazzo {
namespace {

constexpr std::size_t longest_text = std::size_t{1} << 20U;
constexpr std::size_t deepest = 100;

template <class Position>
Error wrong_at(std::string_view source, const Position& at, std::string_view what) {
  return invalid("{}:{}:{}: {}", shown(source), at.line, at.column, what);
}

// The parser recurses once per part of a dotted key, so their number is bounded before
// it sees the text. Counts dots with nothing but key characters between them.
void check_dots(std::string_view text, std::string_view source) {
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '.') {
      ++dots;
    } else if (std::string_view{"=\n,{}[]"}.find(c) != std::string_view::npos) {
      dots = 0;
    }
    if (dots > deepest)
      throw invalid("{}: this is nested more than {} deep", shown(source), deepest);
  }
}

Json json_of(const toml::node& node, std::string_view source, std::size_t depth);

Json json_of_table(const toml::table& table, std::string_view source, std::size_t depth) {
  Json out = Json::object();
  for (const auto& [key, value] : table) {
    const std::string name = depth == 0 ? lower_case(key.str()) : std::string{key.str()};
    if (out.contains(name))
      throw wrong_at(source, key.source().begin,
                     fmt::format("'{}' is there twice", shown(name)));
    out[name] = json_of(value, source, depth + 1);
  }
  return out;
}

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Json json_of(const toml::node& node, std::string_view source, std::size_t depth) {
  if (depth > deepest)
    throw wrong_at(source, node.source().begin,
                   fmt::format("this is nested more than {} deep", deepest));
  if (const auto* table = node.as_table()) return json_of_table(*table, source, depth);
  if (const auto* array = node.as_array()) {
    Json out = Json::array();
    for (const toml::node& item : *array) out.push_back(json_of(item, source, depth + 1));
    return out;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const auto* whole = node.as_integer()) return whole->get();
  if (const auto* number = node.as_floating_point()) {
    if (std::isfinite(number->get())) return number->get();
    throw wrong_at(source, node.source().begin, "this number is not finite");
  }
  if (const auto* date = node.as_date()) return printed(date->get());
  if (const auto* time = node.as_time()) return printed(time->get());
  return printed(node.as_date_time()->get());
}

// JSON as TOML in one line. Nulls cannot be said in TOML and are left out.
std::string toml_value(const Json& value) {
  std::vector<std::string> items;
  if (value.is_array()) {
    for (const Json& item : value) items.push_back(toml_value(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.items())
      if (!item.is_null()) items.push_back(Json(key).dump() + " = " + toml_value(item));
    return fmt::format("{{{}}}", fmt::join(items, ", "));
  }
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

// What a row without default could look like.
Json placeholder(const FieldRow& row) {
  if (!row.facts.example.empty()) return Json::parse(row.facts.example);
  if (!row.facts.one_of.empty()) return row.facts.one_of.front();
  const auto type = row.type.value("type", "string");
  const double number = row.facts.at_least.value_or(0);
  if (type == "integer") return static_cast<std::int64_t>(number);
  if (type == "number") return number;
  if (type == "boolean") return false;
  if (type == "array") return Json::array();
  return type == "object" ? Json::object() : Json("");
}

std::string limits_of(const Facts& facts) {
  std::string out;
  if (facts.at_least) out += fmt::format(" At least {}.", *facts.at_least);
  if (facts.at_most) out += fmt::format(" At most {}.", *facts.at_most);
  if (!facts.one_of.empty())
    out += fmt::format(" One of: {}.", fmt::join(facts.one_of, ", "));
  return out;
}

}  // namespace

Json json_of_toml(std::string_view text, std::string_view source_name) {
  if (text.size() > longest_text)
    throw invalid("{}: {} bytes are too many; at most {} are read", shown(source_name),
                  text.size(), longest_text);
  check_dots(text, source_name);
  try {
    return json_of_table(toml::parse(text), source_name, 0);
  } catch (const toml::parse_error& e) {
    throw wrong_at(source_name, e.source().begin, shown(e.description(), 300));
  } catch (const BrokenAssertion&) {
    throw invalid("{}: this is not TOML; dates are 2018-05-01 or 2018-05-01T12:30:00Z",
                  shown(source_name));
  }
}

std::size_t line_of_key(std::string_view toml, std::string_view lower_case_key) {
  (void)json_of_toml(toml, "");
  for (const auto& [key, value] : toml::parse(toml))
    if (lower_case(key.str()) == lower_case_key) return key.source().begin.line;
  return 0;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>{value} : std::nullopt;
  };
}

Json environment_values(const std::vector<FieldRow>& rows,
                        const std::vector<std::string>& prefixes,
                        const Environment& environment) {
  Json out = Json::object();
  for (const FieldRow& row : rows) {
    const bool empty_is_text = row.default_value.is_string() && row.facts.one_of.empty();
    for (const std::string& prefix : prefixes) {
      const std::string variable = prefix + upper_case(row.name);
      const auto text = environment(variable);
      if (!text || (text->empty() && !empty_is_text)) continue;
      Json value = json_of_text(variable, row, *text);
      check_value(variable, row, value);
      out[row.name] = std::move(value);
      break;
    }
  }
  return out;
}

std::string toml_of_fields(const std::vector<FieldRow>& rows) {
  std::string out;
  for (const FieldRow& row : rows) {
    const bool unset = row.default_value.is_null();
    const Json value = unset ? placeholder(row) : row.default_value;
    out += fmt::format("# {}{}{}\n# {} = {}\n\n", row.doc, limits_of(row.facts),
                       unset ? (row.facts.required ? " Required." : " Not set.") : "",
                       row.name, toml_value(value));
  }
  return out;
}

Json merge(Json low, const Json& high) {
  if (!low.is_object() || !high.is_object()) return high.is_null() ? low : high;
  for (const auto& [key, value] : high.items()) {
    if (low.contains(key) && low[key].is_object() && value.is_object()) {
      low[key] = merge(low[key], value);
    } else {
      low[key] = value;
    }
  }
  return low;
}

}  // namespace terrazzo
