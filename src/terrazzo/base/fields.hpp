#pragma once
// One description of a parameter struct, used for everything: reading JSON, TOML,
// YAML, environment and flags, the JSON Schema, --help, OpenAPI and the docs.
//
//   struct PngOptions {
//     int level = 1;                               // the default is the initial value
//     void fields(auto& f) { f("level", level, "Deflate level.", within(0, 9)); }
//   };

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "terrazzo/base/error.hpp"

namespace terrazzo {

// Keeps the order of its keys: key maps of datasets go out in key order.
using Json = nlohmann::ordered_json;

// What a field says of itself besides its name, type, default and sentence.
// Numbers apply to every element of a list.
struct Facts {
  bool required = false;
  std::optional<double> at_least{};
  std::optional<double> at_most{};
  std::vector<std::string> one_of{};
  bool secret = false;         // never printed: passwords and keys
  std::string_view example{};  // JSON text, for OpenAPI and the reference pages
};

inline Facts required() { return {.required = true}; }
inline Facts at_least(double low) { return {.at_least = low}; }
inline Facts within(double low, double high) {
  return {.at_least = low, .at_most = high};
}
inline Facts one_of(std::vector<std::string> names) {
  return {.one_of = std::move(names)};
}
inline Facts secret() { return {.secret = true}; }

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class T, class A>
inline constexpr bool is_list<std::vector<T, A>> = true;
template <class T, std::size_t n>
inline constexpr bool is_list<std::array<T, n>> = true;

// Throws invalid_input naming owner, field, value and what would be right, if the
// value breaks one of the facts. Lists are checked element by element.
void check_facts(std::string_view owner, std::string_view name, const Json& value,
                 const Facts& facts);

// Does the whole number, or every one of a list, fit T? JSON's own conversion would cut
// it.
template <class T>
bool is_in_range(const Json& json) {
  if constexpr (is_optional<T>) {
    return json.is_null() || is_in_range<typename T::value_type>(json);
  } else if constexpr (is_list<T>) {
    for (const Json& item : json)
      if (!is_in_range<typename T::value_type>(item)) return false;
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    if (json.is_number_unsigned()) return std::in_range<T>(json.get<std::uint64_t>());
    if (json.is_number_integer()) return std::in_range<T>(json.get<std::int64_t>());
  }
  return true;
}

// The JSON Schema of a field's type: {"type": "integer"}, lists with their items.
template <class T>
Json type_schema() {
  if constexpr (is_optional<T>) {
    return type_schema<typename T::value_type>();
  } else if constexpr (is_list<T>) {
    Json schema{{"type", "array"}, {"items", type_schema<typename T::value_type>()}};
    if constexpr (requires { std::tuple_size<T>::value; })
      schema["minItems"] = schema["maxItems"] = std::tuple_size_v<T>;
    return schema;
  } else if constexpr (std::is_same_v<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_integral_v<T>) {
    return {{"type", "integer"}};
  } else if constexpr (std::is_floating_point_v<T>) {
    return {{"type", "number"}};
  } else if constexpr (std::is_same_v<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (std::is_same_v<T, Json>) {
    return Json::object();
  } else {
    return {{"type", "object"}};
  }
}

// Reads one struct; says which key is wrong, and refuses keys nobody declared.
class FieldReader {
 public:
  FieldReader(const Json& from, std::string_view owner);

  template <class T>
  void operator()(std::string_view name, T& value, std::string_view /*doc*/,
                  const Facts& facts = {}) {
    const Json* given = take(name, facts.required);
    if (given == nullptr) return;
    check_type(name, *given, type_schema<T>(), is_optional<T>);
    check_facts(owner_, name, *given, facts);
    read(name, *given, value);
  }

  // Throws invalid_input: a key was given that no field has.
  void refuse_unknown() const;

 private:
  const Json* take(std::string_view name, bool needed);
  void check_type(std::string_view name, const Json& value, const Json& schema,
                  bool may_be_null) const;
  [[noreturn]] void refuse(std::string_view name, const Json& value,
                           std::string_view why) const;

  template <class T>
  void read(std::string_view name, const Json& j, T& value) {
    if constexpr (is_optional<T>) {
      if (j.is_null()) {
        value.reset();
      } else {
        read(name, j, value.emplace());
      }
    } else {
      if (!is_in_range<T>(j)) refuse(name, j, "that is too large or too small");
      try {
        value = j.get<T>();
      } catch (const nlohmann::json::exception&) {
        refuse(name, j, "that is something else");
      }
    }
  }

  const Json& from_;
  std::string owner_;
  std::vector<std::string_view> seen_;
};

// One row of a parameter struct's description, with the type and default as JSON.
struct FieldRow {
  std::string name;
  std::string doc;
  Json type;           // as type_schema()
  Json default_value;  // null if there is none
  Facts facts;
};

class FieldLister {
 public:
  template <class T>
  void operator()(std::string_view name, const T& value, std::string_view doc,
                  const Facts& facts = {}) {
    Json initial;
    if constexpr (is_optional<T>) {
      if (value) initial = *value;
    } else {
      initial = value;
    }
    rows.push_back({std::string{name}, std::string{doc}, type_schema<T>(),
                    facts.required ? Json{} : initial, facts});
  }

  std::vector<FieldRow> rows;
};

// The fields of T with their defaults, in the order of its fields().
template <class T>
std::vector<FieldRow> field_rows() {
  T value{};
  FieldLister lister;
  value.fields(lister);
  return std::move(lister.rows);
}

// Text of an environment variable, a flag or a query parameter as the JSON that the
// field's type wants: strings stay as they are, booleans take t/true/1/on/y/yes and
// f/false/0/off/n/no, everything else is JSON.
// Throws invalid_input: the text is not that.
Json json_of_text(std::string_view owner, const FieldRow& row, std::string_view text);

// Throws invalid_input: the value has not the row's type or breaks one of its facts. Null
// is right for a row that has no default and is not required.
void check_value(std::string_view owner, const FieldRow& row, const Json& value);

// {"type":"object","properties":…,"additionalProperties":false}
Json object_schema(const std::vector<FieldRow>& rows);

template <class T>
Json json_schema() {
  return object_schema(field_rows<T>());
}

// Throws invalid_input: a required key is missing, a value has the wrong type or
// breaks a bound, or a key is unknown. `owner` names the struct in the message
// ("step 'crop'"). `start` gives the values of keys that are absent.
template <class T>
T from_json(const Json& json, std::string_view owner, T start = {}) {
  FieldReader reader{json, owner};
  start.fields(reader);
  reader.refuse_unknown();
  return start;
}

}  // namespace terrazzo
