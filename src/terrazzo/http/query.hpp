#pragma once
// Query parameters as structs. One description of a struct reads it, and documents it:
//
//   struct ColormapQuery {
//     std::array<double, 2> stretch_range{};
//     std::int64_t num_values = 255;
//     void fields(auto& f) {
//       f("stretch_range", stretch_range, "Values of the ends.", Rules{.required =
//       true}); f("num_values", num_values, "Number of values.", Rules{.at_least = 0});
//     }
//   };
//   const auto query = read_query<ColormapQuery>(request.query, site);
//
// What is wrong is said in the words and the form of marshmallow, whose messages
// Terracotta's clients know: {'limit': ['Not a valid integer.'], 'r': […]}.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/http/message.hpp"
#include "terrazzo/maps/requests.hpp"
#include "terrazzo/raster/colormap.hpp"

namespace terrazzo::http {

// What parameters are checked against.
struct QueryLimits {
  const raster::Colormaps& colormaps;
  std::int64_t max_tile_size = 4096;
};

// Rules of one parameter besides its type. Numbers apply to every element of a list.
struct Rules {
  bool required = false;
  bool may_be_null = false;
  std::optional<std::int64_t> at_least{};
  std::optional<std::int64_t> at_most{};
  std::optional<std::size_t> min_length{};  // of a list
  std::vector<std::string> one_of{};
  // Empty if the text is fine, else the fault as a sentence.
  std::string (*check)(const std::string& text, const QueryLimits& limits) = nullptr;
  std::string_view example{};
};

// Names that a check of the colour map accepts, for Rules::check.
std::string check_colormap(const std::string& name, const QueryLimits& limits);
std::string check_colormap_or_explicit(const std::string& name,
                                       const QueryLimits& limits);
std::string check_color_transform_1(const std::string& text, const QueryLimits& limits);
std::string check_color_transform_3(const std::string& text, const QueryLimits& limits);

// One side of a tile, 1..max_tile_size.
struct TileSide {
  std::int64_t pixels = 0;
};

// What a struct does with names that none of its fields has.
enum class Unknown { ignore, refuse, keep };

// {'field': faults, …}; the faults are already as Python prints them.
class Faults {
 public:
  // Python's ['sentence'].
  static std::string list_of(std::string_view sentence);

  void add(std::string_view field, std::string printed);
  bool empty() const noexcept { return faults_.empty(); }
  // Throws invalid_input with all of them as its message, if there are any.
  void raise() const;

 private:
  std::vector<std::pair<std::string, std::string>> faults_;
};

// Each reads a decoded value. What is wrong comes back as Python prints it: a list of
// sentences, or by index or key for containers. Empty: nothing is wrong.
std::string read_value(const Json& given, std::string& value, const Rules& rules,
                       const QueryLimits& limits);
std::string read_value(const Json& given, std::int64_t& value, const Rules& rules,
                       const QueryLimits& limits);
std::string read_value(const Json& given, double& value, const Rules& rules,
                       const QueryLimits& limits);
std::string read_value(const Json& given, TileSide& value, const Rules& rules,
                       const QueryLimits& limits);
std::string read_value(const Json& given, maps::Bound& value, const Rules& rules,
                       const QueryLimits& limits);
// The text "west,south,east,north".
std::string read_value(const Json& given, Box& value, const Rules& rules,
                       const QueryLimits& limits);
std::string read_value(const Json& given, maps::ExplicitColors& value, const Rules& rules,
                       const QueryLimits& limits);

// What is wrong with a list before its items are looked at.
std::string check_list(const Json& given);
std::string check_length(std::size_t length, std::optional<std::size_t> exact,
                         const Rules& rules);
// Joins "0: [...]" parts.
std::string join_indexed(const std::vector<std::string>& faults);

template <class T>
inline constexpr bool is_query_list =
    is_list<T> && !std::is_same_v<T, maps::ExplicitColors>;

// Is the parameter's text JSON?
template <class T>
inline constexpr bool is_json_parameter =
    is_query_list<T> || std::is_same_v<T, maps::ExplicitColors>;
template <class T>
inline constexpr bool is_json_parameter<std::optional<T>> = is_json_parameter<T>;

template <class List>
  requires is_query_list<List>
std::string read_value(const Json& given, List& list, const Rules& rules,
                       const QueryLimits& limits) {
  constexpr bool is_fixed = requires { std::tuple_size<List>::value; };
  if (std::string fault = check_list(given); !fault.empty()) return fault;
  std::vector<typename List::value_type> items(given.size());
  std::vector<std::string> faults(given.size());
  bool is_faulty = false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    faults[i] = read_value(given[i], items[i], rules, limits);
    is_faulty = is_faulty || !faults[i].empty();
  }
  if (is_faulty) return join_indexed(faults);
  std::optional<std::size_t> exact;
  if constexpr (is_fixed) exact = std::tuple_size_v<List>;
  if (std::string fault = check_length(items.size(), exact, rules); !fault.empty())
    return fault;
  if constexpr (is_fixed) {
    std::copy(items.begin(), items.end(), list.begin());
  } else {
    list = std::move(items);
  }
  return {};
}

class QueryReader {
 public:
  // quotes_text: do messages about bad JSON repeat the text?
  QueryReader(const Pairs& query, const QueryLimits& limits, bool quotes_text);
  // Values that are decoded already: the body of a request.
  QueryReader(const Json& body, const QueryLimits& limits);

  template <class T>
  void operator()(std::string_view name, T& value, std::string_view /*doc*/,
                  const Rules& rules = {}) {
    if (is_decoding_) {
      if constexpr (is_json_parameter<T>) decode(name);
      return;
    }
    const Json* given = take(name, rules);
    if (given == nullptr) return;
    std::string fault;
    if constexpr (is_optional<T>) {
      typename T::value_type item{};
      fault = read_value(*given, item, rules, limits_);
      if (fault.empty()) value = std::move(item);
    } else {
      fault = read_value(*given, value, rules, limits_);
    }
    if (!fault.empty()) faults_.add(name, std::move(fault));
  }

  // The fields are visited twice: JSON texts are decoded first, as a fault there hides
  // all others. Throws invalid_input: a text is not JSON, a colour not hexadecimal.
  void finish_decoding();
  // Names that no field has, with their text, in order.
  Pairs rest() const;
  void refuse_rest();
  Faults& faults() noexcept { return faults_; }

 private:
  void decode(std::string_view name);
  const Json* take(std::string_view name, const Rules& rules);

  const QueryLimits& limits_;
  bool quotes_text_ = false;
  bool is_body_ = false;  // values are JSON already
  bool is_decoding_ = true;
  Json given_ = Json::object();
  std::vector<std::string> seen_;
  Faults faults_;
};

// Throws invalid_input with every fault. Q may have: `static constexpr bool quotes_text`,
// `static constexpr Unknown unknown`, `Pairs rest` (for Unknown::keep), and
// `void check(Faults&) const`, called if no field is faulty.
template <class Q>
Q read_query(QueryReader reader) {
  Q query{};
  query.fields(reader);
  reader.finish_decoding();
  query.fields(reader);
  if constexpr (requires { Q::unknown; }) {
    if constexpr (Q::unknown == Unknown::refuse) reader.refuse_rest();
    if constexpr (Q::unknown == Unknown::keep) query.rest = reader.rest();
  }
  if constexpr (requires { query.check(reader.faults()); }) {
    if (reader.faults().empty()) query.check(reader.faults());
  }
  reader.faults().raise();
  return query;
}

template <class Q>
Q read_query(const Pairs& query, const QueryLimits& limits) {
  bool quotes_text = false;
  if constexpr (requires { Q::quotes_text; }) quotes_text = Q::quotes_text;
  return read_query<Q>(QueryReader{query, limits, quotes_text});
}

template <class Q>
Q read_body(const Json& body, const QueryLimits& limits) {
  return read_query<Q>(QueryReader{body, limits});
}

// The parameters of Q as OpenAPI parameter objects.
class QueryLister {
 public:
  explicit QueryLister(const QueryLimits& limits) : limits_(limits) {}

  template <class T>
  void operator()(std::string_view name, const T& value, std::string_view doc,
                  const Rules& rules = {}) {
    Json initial;
    if constexpr (std::is_same_v<T, std::int64_t>) initial = value;
    add(name, schema_of<T>(), initial, is_json_parameter<T>, doc, rules);
  }

  Json parameters = Json::array();

 private:
  template <class T>
  static Json schema_of() {
    if constexpr (is_optional<T>) {
      return schema_of<typename T::value_type>();
    } else if constexpr (std::is_same_v<T, maps::ExplicitColors>) {
      return {{"type", "object"}};
    } else if constexpr (std::is_same_v<T, maps::Bound>) {
      return {{"oneOf", Json::array({{{"type", "number"}}, {{"type", "string"}}})},
              {"nullable", true}};
    } else if constexpr (std::is_same_v<T, Box>) {
      return {{"type", "string"}};
    } else if constexpr (std::is_same_v<T, TileSide>) {
      return {{"type", "integer"}, {"minimum", 1}};
    } else if constexpr (is_list<T>) {
      Json schema{{"type", "array"}, {"items", schema_of<typename T::value_type>()}};
      if constexpr (requires { std::tuple_size<T>::value; })
        schema["minItems"] = schema["maxItems"] = std::tuple_size_v<T>;
      return schema;
    } else {
      return type_schema<T>();
    }
  }

  void add(std::string_view name, Json schema, const Json& initial, bool is_json,
           std::string_view doc, const Rules& rules);

  const QueryLimits& limits_;
};

template <class Q>
Json query_parameters(const QueryLimits& limits) {
  Q query{};
  QueryLister lister{limits};
  query.fields(lister);
  return std::move(lister.parameters);
}

}  // namespace terrazzo::http
