// Parameters that say how pictures are coloured.

#include <algorithm>
#include <cmath>
#include <map>

#include "terrazzo/http/query.hpp"
#include "terrazzo/http/text.hpp"
#include "terrazzo/raster/color_transform.hpp"

namespace terrazzo::http {
namespace {

constexpr std::string_view explicit_field = "explicit_color_map";

std::string check_color_transform(const std::string& text, std::size_t bands) {
  try {
    (void)raster::ColorTransform::parse(text, bands);
    return {};
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::invalid_input) throw;
    // No operation takes an empty word; a plus of a URL arrives as a blank.
    const bool may_have_lost_plus = text.find("  ") != text.npos;
    return e.message() + (may_have_lost_plus ? "; write + as %2B in a URL" : "");
  }
}

std::string unknown_colormap(std::vector<std::string> names, std::string_view first) {
  return fmt::format("Must be one of: {}{}.", first, fmt::join(names, ", "));
}

// int(two characters, 16), as Python reads it: a blank or a sign may stand first.
std::optional<int> hex_byte(std::string_view pair) {
  const std::string_view stripped = trimmed(pair);
  const bool is_negative = stripped.starts_with('-');
  const auto digits = stripped.substr(is_negative || stripped.starts_with('+') ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789abcdefABCDEF") != digits.npos)
    return std::nullopt;
  const int value = std::stoi(std::string{digits}, nullptr, 16);
  return is_negative ? -value : value;
}

// "#1f78b4" to [31, 120, 180, 255]; what follows the sixth digit does not count.
std::optional<Json> color_of_hex(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('#'), text.size()));
  Json color = Json::array();
  for (const std::size_t at : {0U, 2U, 4U}) {
    if (at >= text.size()) return std::nullopt;
    const auto byte = hex_byte(text.substr(at, 2));
    if (!byte) return std::nullopt;
    color.push_back(*byte);
  }
  color.push_back(255);
  return color;
}

std::string read_color(const Json& given, Color& color, const QueryLimits& limits) {
  std::vector<double> parts;
  if (std::string fault = read_value(given, parts, Rules{}, limits); !fault.empty())
    return fault;
  if (parts.size() < 3 || parts.size() > 4)
    return Faults::list_of("Length must be between 3 and 4.");
  if (parts.size() == 3) parts.push_back(255);
  // numpy makes bytes of them: the fraction is cut off, 300 is 44 and -5 is 251.
  const auto part = [&](std::size_t i) {
    const double wrapped = std::fmod(std::trunc(parts[i]), 256);
    return static_cast<std::uint8_t>(static_cast<int>(wrapped));
  };
  color = {part(0), part(1), part(2), part(3)};
  return {};
}

// Faults of one key of a mapping, as Python prints them; empty if there are none.
struct EntryFaults {
  std::string key;
  std::string value;
};

std::string print_entry(std::string_view name, const EntryFaults& faults) {
  std::string out = python_repr(name) + ": {";
  if (!faults.key.empty()) out += "'key': " + faults.key;
  if (!faults.key.empty() && !faults.value.empty()) out += ", ";
  if (!faults.value.empty()) out += "'value': " + faults.value;
  return out + "}";
}

// Faulty keys come first, then those with only a faulty value. Empty: nothing is wrong.
std::string print_faults(const Json& mapping, const std::vector<EntryFaults>& faults) {
  std::string first;
  std::string second;
  std::size_t i = 0;
  for (const auto& [name, value] : mapping.items()) {
    const EntryFaults& entry = faults[i++];
    if (!entry.key.empty()) {
      first += print_entry(name, entry) + ", ";
    } else if (!entry.value.empty()) {
      second += print_entry(name, entry) + ", ";
    }
  }
  std::string all = first + second;
  if (all.empty()) return {};
  all.resize(all.size() - 2);
  return "defaultdict(<class 'dict'>, {" + all + "})";
}

}  // namespace

std::string check_colormap(const std::string& name, const QueryLimits& limits) {
  if (limits.colormaps.find(name) != nullptr) return {};
  return unknown_colormap(limits.colormaps.names(), "");
}

std::string check_colormap_or_explicit(const std::string& name,
                                       const QueryLimits& limits) {
  if (name == "explicit" || limits.colormaps.find(name) != nullptr) return {};
  return unknown_colormap(limits.colormaps.names(), "explicit, ");
}

std::string check_color_transform_1(const std::string& text,
                                    const QueryLimits& /*limits*/) {
  return check_color_transform(text, 1);
}

std::string check_color_transform_3(const std::string& text,
                                    const QueryLimits& /*limits*/) {
  return check_color_transform(text, 3);
}

std::string read_value(const Json& given, maps::ExplicitColors& value,
                       const Rules& /*rules*/, const QueryLimits& limits) {
  if (given.is_null()) return Faults::list_of("Field may not be null.");
  if (!given.is_object()) return Faults::list_of("Not a valid mapping type.");
  std::vector<EntryFaults> faults(given.size());
  std::map<double, std::size_t> places;  // "2" and "2.0" are one value: the last counts
  std::size_t i = 0;
  for (const auto& [name, given_color] : given.items()) {
    double number = 0;
    Color color;
    EntryFaults& entry = faults[i++];
    entry.key = read_value(Json(name), number, {}, limits);
    entry.value = read_color(given_color, color, limits);
    if (!entry.key.empty() || !entry.value.empty()) continue;
    const auto [place, is_new] = places.emplace(number, value.size());
    if (is_new) {
      value.emplace_back(number, color);
    } else {
      value[place->second].second = color;
    }
  }
  return print_faults(given, faults);
}

void QueryReader::finish_decoding() {
  is_decoding_ = false;
  const auto found = given_.find(explicit_field);
  if (found == given_.end() || !found->is_object()) return;
  for (auto& [key, color] : found->get_ref<Json::object_t&>()) {
    if (!color.is_string()) continue;
    auto decoded = color_of_hex(color.get_ref<const std::string&>());
    if (!decoded) {
      faults_.add("_schema",
                  Faults::list_of(fmt::format(
                      "Could not decode value {} in explicit_color_map as hex string",
                      color.get_ref<const std::string&>())));
      faults_.raise();
    }
    color = std::move(*decoded);
  }
}

}  // namespace terrazzo::http
