#include "terrazzo/base/fields.hpp"

#include <algorithm>

#include "terrazzo/base/text.hpp"

namespace terrazzo {
namespace {

constexpr std::array true_words{"t", "true", "1", "on", "y", "yes"};
constexpr std::array false_words{"f", "false", "0", "off", "n", "no"};

// For messages: short, and whole even if a text in it is not UTF-8.
std::string text_of(const Json& value) {
  constexpr std::size_t most = 200;
  return shown(value.dump(-1, ' ', false, Json::error_handler_t::replace), most);
}

bool has_type(const Json& value, std::string_view type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "string") return value.is_string();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return true;
}

bool fits(const Json& value, const Json& schema) {
  if (!schema.contains("type")) return true;
  const auto type = schema["type"].get<std::string>();
  if (!has_type(value, type)) return false;
  if (type != "array") return true;
  if (schema.contains("minItems") &&
      value.size() != schema["minItems"].get<std::size_t>())
    return false;
  return std::ranges::all_of(
      value, [&](const Json& item) { return fits(item, schema["items"]); });
}

std::string type_words(const Json& schema) {
  const auto type = schema.value("type", "value");
  if (type != "array")
    return (type == "integer" || type == "object" ? "an " : "a ") + type;
  const std::string item = schema["items"].value("type", "value");
  if (schema.contains("minItems"))
    return fmt::format("a list of {} {}s", schema["minItems"].get<int>(), item);
  return fmt::format("a list of {}s", item);
}

}  // namespace

void check_facts(std::string_view owner, std::string_view name, const Json& value,
                 const Facts& facts) {
  if (value.is_array()) {
    for (const Json& item : value) check_facts(owner, name, item, facts);
    return;
  }
  if (value.is_number()) {
    const auto number = value.get<double>();
    if (facts.at_least && number < *facts.at_least)
      throw invalid("{}: '{}' cannot be {}; it is at least {}", owner, name,
                    text_of(value), *facts.at_least);
    if (facts.at_most && number > *facts.at_most)
      throw invalid("{}: '{}' cannot be {}; it is at most {}", owner, name,
                    text_of(value), *facts.at_most);
  }
  if (!facts.one_of.empty() && value.is_string() &&
      std::ranges::find(facts.one_of, value.get_ref<const std::string&>()) ==
          facts.one_of.end())
    throw invalid("{}: '{}' cannot be {}; it is one of: {}", owner, name, text_of(value),
                  fmt::join(facts.one_of, ", "));
}

FieldReader::FieldReader(const Json& from, std::string_view owner)
    : from_(from), owner_(owner) {
  if (!from.is_object() && !from.is_null())
    throw invalid("{}: this must be an object of named values, not {}", owner,
                  from.type_name());
}

const Json* FieldReader::take(std::string_view name, bool needed) {
  seen_.push_back(name);
  const auto found = from_.find(name);
  if (found != from_.end()) return &*found;
  if (needed) throw invalid("{}: '{}' is missing", owner_, name);
  return nullptr;
}

void FieldReader::check_type(std::string_view name, const Json& value, const Json& schema,
                             bool may_be_null) const {
  if (may_be_null && value.is_null()) return;
  if (!fits(value, schema))
    throw invalid("{}: '{}' cannot be {}; it is {}", owner_, name, text_of(value),
                  type_words(schema));
}

void FieldReader::refuse(std::string_view name, const Json& value,
                         std::string_view why) const {
  throw invalid("{}: '{}' cannot be {}; {}", owner_, name, text_of(value), why);
}

void FieldReader::refuse_unknown() const {
  for (const auto& [key, value] : from_.items()) {
    if (std::ranges::find(seen_, key) != seen_.end()) continue;
    if (const auto meant = likely(key, seen_); !meant.empty())
      throw invalid("{}: no option is called '{}'; did you mean '{}'?", owner_,
                    shown(key), meant);
    throw invalid("{}: no option is called '{}'; it has: {}", owner_, shown(key),
                  fmt::join(seen_, ", "));
  }
}

Json json_of_text(std::string_view owner, const FieldRow& row, std::string_view text) {
  const auto type = row.type.value("type", "");
  if (type == "string") return text;
  if (type == "boolean") {
    const auto word = lower_case(text);
    if (std::ranges::find(true_words, word) != true_words.end()) return true;
    if (std::ranges::find(false_words, word) != false_words.end()) return false;
    throw invalid("{}: '{}' cannot be '{}'; it is true or false", owner, row.name,
                  shown(text));
  }
  Json parsed = Json::parse(text, nullptr, false);
  if (parsed.is_discarded())
    throw invalid("{}: '{}' cannot be '{}'; it is {}", owner, row.name, shown(text),
                  type_words(row.type));
  return parsed;
}

void check_value(std::string_view owner, const FieldRow& row, const Json& value) {
  if (value.is_null() && row.default_value.is_null() && !row.facts.required) return;
  if (!fits(value, row.type))
    throw invalid("{}: '{}' cannot be {}; it is {}", owner, row.name, text_of(value),
                  type_words(row.type));
  check_facts(owner, row.name, value, row.facts);
}

Json object_schema(const std::vector<FieldRow>& rows) {
  Json schema{{"type", "object"}, {"properties", Json::object()}};
  for (const FieldRow& row : rows) {
    Json about = row.type;
    about["description"] = row.doc;
    Json& limits = about.contains("items") ? about["items"] : about;
    if (row.facts.at_least) limits["minimum"] = *row.facts.at_least;
    if (row.facts.at_most) limits["maximum"] = *row.facts.at_most;
    if (!row.facts.one_of.empty()) limits["enum"] = row.facts.one_of;
    if (!row.default_value.is_null()) about["default"] = row.default_value;
    if (!row.facts.example.empty()) about["examples"] = {Json::parse(row.facts.example)};
    if (row.facts.required) schema["required"].push_back(row.name);
    schema["properties"][row.name] = std::move(about);
  }
  schema["additionalProperties"] = false;
  return schema;
}

}  // namespace terrazzo
