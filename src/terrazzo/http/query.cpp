#include "terrazzo/http/query.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

std::string unexpected_range(const Rules& rules) {
  if (rules.at_least && rules.at_most)
    return fmt::format(
        "Must be greater than or equal to {} and less than or equal to {}.",
        *rules.at_least, *rules.at_most);
  if (rules.at_least)
    return fmt::format("Must be greater than or equal to {}.", *rules.at_least);
  return fmt::format("Must be less than or equal to {}.", *rules.at_most);
}

std::string check_range(double value, const Rules& rules) {
  const bool is_low = rules.at_least && value < static_cast<double>(*rules.at_least);
  const bool is_high = rules.at_most && value > static_cast<double>(*rules.at_most);
  return is_low || is_high ? Faults::list_of(unexpected_range(rules)) : "";
}

std::string null_fault() { return Faults::list_of("Field may not be null."); }

[[noreturn]] void raise_schema_fault(std::string_view sentence) {
  Faults faults;
  faults.add("_schema", Faults::list_of(sentence));
  faults.raise();
  throw failure(ErrorKind::internal, "a fault was not raised");
}

}  // namespace

std::string Faults::list_of(std::string_view sentence) {
  return "[" + python_repr(sentence) + "]";
}

void Faults::add(std::string_view field, std::string printed) {
  faults_.emplace_back(field, std::move(printed));
}

void Faults::raise() const {
  if (faults_.empty()) return;
  std::string message = "{";
  for (const auto& [field, printed] : faults_) {
    if (message.size() > 1) message += ", ";
    message += python_repr(field) + ": " + printed;
  }
  throw invalid("{}}}", message);
}

std::string check_list(const Json& given) {
  if (given.is_null()) return null_fault();
  return given.is_array() ? "" : Faults::list_of("Not a valid list.");
}

std::string check_length(std::size_t length, std::optional<std::size_t> exact,
                         const Rules& rules) {
  if (exact && length != *exact)
    return Faults::list_of(fmt::format("Length must be {}.", *exact));
  if (rules.min_length && length < *rules.min_length)
    return Faults::list_of(
        fmt::format("Shorter than minimum length {}.", *rules.min_length));
  return {};
}

std::string join_indexed(const std::vector<std::string>& faults) {
  std::string out = "{";
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (faults[i].empty()) continue;
    if (out.size() > 1) out += ", ";
    out += fmt::format("{}: {}", i, faults[i]);
  }
  return out + "}";
}

std::string read_value(const Json& given, std::string& value, const Rules& rules,
                       const QueryLimits& limits) {
  if (given.is_null()) return null_fault();
  if (!given.is_string()) return Faults::list_of("Not a valid string.");
  value = given.get<std::string>();
  if (!rules.one_of.empty() &&
      std::ranges::find(rules.one_of, value) == rules.one_of.end())
    return Faults::list_of(
        fmt::format("Must be one of: {}.", fmt::join(rules.one_of, ", ")));
  if (rules.check == nullptr) return {};
  const std::string fault = rules.check(value, limits);
  return fault.empty() ? "" : Faults::list_of(fault);
}

std::string read_value(const Json& given, std::int64_t& value, const Rules& rules,
                       const QueryLimits& /*limits*/) {
  if (given.is_null()) return null_fault();
  std::optional<std::int64_t> number;
  if (given.is_string()) {
    number = python_int(given.get_ref<const std::string&>());
  } else if (given.is_number_integer()) {
    number = given.get<std::int64_t>();
  } else if (given.is_number_float() && !std::isnan(given.get<double>())) {
    const auto real = given.get<double>();
    if (std::isinf(real)) return Faults::list_of("Number too large.");
    constexpr double beyond = 9e18;
    number = static_cast<std::int64_t>(std::clamp(real, -beyond, beyond));
  }
  if (!number) return Faults::list_of("Not a valid integer.");
  value = *number;
  return check_range(static_cast<double>(value), rules);
}

std::string read_value(const Json& given, double& value, const Rules& rules,
                       const QueryLimits& /*limits*/) {
  if (given.is_null()) return null_fault();
  std::optional<double> number;
  if (given.is_string()) {
    number = python_float(given.get_ref<const std::string&>());
  } else if (given.is_number()) {
    number = given.get<double>();
  }
  if (!number) return Faults::list_of("Not a valid number.");
  if (!std::isfinite(*number))
    return Faults::list_of("Special numeric values (nan or infinity) are not permitted.");
  value = *number;
  return check_range(value, rules);
}

std::string read_value(const Json& given, TileSide& value, const Rules& /*rules*/,
                       const QueryLimits& limits) {
  const Rules within{.at_least = 1, .at_most = limits.max_tile_size};
  return read_value(given, value.pixels, within, limits);
}

std::string read_value(const Json& given, maps::Bound& value, const Rules& rules,
                       const QueryLimits& limits) {
  if (given.is_null()) return {};
  if (given.is_string()) {
    const auto& text = given.get_ref<const std::string&>();
    auto digits = std::string_view{text}.substr(std::min<std::size_t>(1, text.size()));
    if (digits.ends_with('\n')) digits.remove_suffix(1);  // before it $ matches in Python
    const bool is_percentile =
        text.starts_with('p') && !digits.empty() &&
        digits.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_percentile) return Faults::list_of("Percentile format is `p<digits>`");
    value = maps::Percentile{std::strtoull(digits.data(), nullptr, 10)};  // saturates
    return {};
  }
  if (given.is_array() || given.is_object())
    return Faults::list_of("Must be a string or a number");
  double number = 0;
  std::string fault = read_value(given, number, rules, limits);
  if (fault.empty()) value = number;
  return fault;
}

std::string read_value(const Json& given, Box& value, const Rules& /*rules*/,
                       const QueryLimits& /*limits*/) {
  const std::string fault = Faults::list_of(
      "Must be four numbers: west,south,east,north, with south <= north.");
  if (!given.is_string()) return fault;
  std::array<double, 4> sides{};
  std::string_view rest = given.get_ref<const std::string&>();
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const auto comma = rest.find(',');
    if ((comma == rest.npos) != (i + 1 == sides.size())) return fault;
    const auto side = python_float(rest.substr(0, comma));
    if (!side || !std::isfinite(*side)) return fault;
    sides[i] = *side;
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  }
  if (sides[1] > sides[3]) return fault;
  value = {sides[0], sides[1], sides[2], sides[3]};
  return {};
}

QueryReader::QueryReader(const Pairs& query, const QueryLimits& limits, bool quotes_text)
    : limits_(limits), quotes_text_(quotes_text) {
  std::unordered_set<std::string_view> names;
  for (const auto& [name, text] : query)
    if (names.insert(name).second)
      given_.get_ref<Json::object_t&>().emplace_back(name, text);
}

QueryReader::QueryReader(const Json& body, const QueryLimits& limits)
    : limits_(limits), is_body_(true), given_(body) {}

void QueryReader::decode(std::string_view name) {
  if (is_body_) return;
  const auto found = given_.find(name);
  if (found == given_.end() || !found->is_string()) return;
  const auto text = found->get<std::string>();
  if (text.empty()) return;
  auto value = python_json(text);
  if (!value && quotes_text_)
    raise_schema_fault(
        fmt::format("Could not decode value {} for {} as JSON", text, name));
  if (!value)
    raise_schema_fault(fmt::format("Could not decode value for {} as JSON", name));
  *found = std::move(*value);
}

const Json* QueryReader::take(std::string_view name, const Rules& rules) {
  seen_.emplace_back(name);
  const auto found = given_.find(name);
  if (found == given_.end()) {
    if (rules.required)
      faults_.add(name, Faults::list_of("Missing data for required field."));
    return nullptr;
  }
  return found->is_null() && rules.may_be_null ? nullptr : &*found;
}

Pairs QueryReader::rest() const {
  Pairs out;
  for (const auto& [name, value] : given_.items())
    if (std::ranges::find(seen_, name) == seen_.end())
      out.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  return out;
}

void QueryReader::refuse_rest() {
  for (const auto& [name, text] : rest())
    faults_.add(name, Faults::list_of("Unknown field."));
}

void QueryLister::add(std::string_view name, Json schema, const Json& initial,
                      bool is_json, std::string_view doc, const Rules& rules) {
  if (rules.min_length) schema["minItems"] = *rules.min_length;
  Json& limits = schema.contains("items") ? schema["items"] : schema;
  if (rules.at_least) limits["minimum"] = *rules.at_least;
  if (rules.at_most) limits["maximum"] = *rules.at_most;
  if (!rules.one_of.empty()) limits["enum"] = rules.one_of;
  if (rules.check == check_colormap || rules.check == check_colormap_or_explicit)
    limits["enum"] = limits_.colormaps.names();
  if (rules.check == check_colormap_or_explicit) limits["enum"].push_back("explicit");
  if (!initial.is_null() && !rules.required) schema["default"] = initial;
  if (rules.may_be_null) schema["nullable"] = true;

  Json parameter{{"in", "query"}, {"name", name}, {"description", doc}};
  parameter["required"] = rules.required;
  const Json example = Json::parse(rules.example, nullptr, false);
  if (is_json) {
    // A JSON text, not the repeated or comma-separated forms.
    parameter["content"]["application/json"]["schema"] = std::move(schema);
    if (!rules.example.empty())
      parameter["content"]["application/json"]["example"] = example;
  } else {
    parameter["schema"] = std::move(schema);
    if (!rules.example.empty()) parameter["example"] = rules.example;
  }
  parameters.push_back(std::move(parameter));
}

}  // namespace terrazzo::http
