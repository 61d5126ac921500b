#include "terrazzo/catalog/rules.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "terrazzo/catalog/words.hpp"

namespace terrazzo::catalog {
namespace {

// Query parameters and the other columns of the tables.
constexpr std::array<std::string_view, 16> reserved{"limit",
                                                    "page",
                                                    "path",
                                                    "filepath",
                                                    "metadata",
                                                    "bounds_north",
                                                    "bounds_east",
                                                    "bounds_south",
                                                    "bounds_west",
                                                    "convex_hull",
                                                    "valid_percentage",
                                                    "min",
                                                    "max",
                                                    "mean",
                                                    "stdev",
                                                    "percentiles"};

bool is_reserved(std::string_view name) {
  const std::string lower = folded(name);
  return std::ranges::find(reserved, lower) != reserved.end() ||
         lower.starts_with("terrazzo_");
}

bool has_key(const std::vector<KeyName>& names, std::string_view name) {
  return std::ranges::find(names, name, &KeyName::name) != names.end();
}

bool is_finite(const Point& p) { return std::isfinite(p.x) && std::isfinite(p.y); }

void check_metadata(const Metadata& metadata) {
  const Box& box = metadata.bounds;
  if (!is_finite({box.west, box.south}) || !is_finite({box.east, box.north}))
    throw invalid("bounds [{}, {}, {}, {}] are not finite", box.west, box.south, box.east,
                  box.north);
  for (const Ring& ring : metadata.convex_hull.rings)
    if (!std::ranges::all_of(ring, is_finite))
      throw invalid("the convex hull has a point that is not finite");
}

}  // namespace

std::string value_tuple(const std::vector<std::string>& values) {
  if (values.size() == 1) return fmt::format("('{}',)", values.front());
  return values.empty() ? "()" : fmt::format("('{}')", fmt::join(values, "', '"));
}

std::string key_tuple(const std::vector<KeyName>& names) {
  std::vector<std::string> words;
  for (const KeyName& name : names) words.push_back(name.name);
  return value_tuple(words);
}

void check_key_names(const std::vector<KeyName>& names) {
  if (names.empty()) throw invalid("a catalogue needs at least one key");
  std::set<std::string> seen;
  for (const auto& [name, description] : names) {
    if (!is_word(name))
      throw invalid("key name '{}' must be of letters, digits and underscores", name);
    if (is_reserved(name))
      throw invalid(
          "key name '{}' is reserved for the server or a column of its tables; call the "
          "key otherwise (reserved are {} and names that start with terrazzo_)",
          name, fmt::join(reserved, ", "));
    if (!seen.insert(folded(name)).second)
      throw invalid("key name '{}' stands twice (capitals aside)", name);
    if (!is_text(description))
      throw invalid("the description of key '{}' is not UTF-8", name);
  }
}

void check_key_count(const std::vector<KeyName>& names, const Keys& keys) {
  if (keys.size() != names.size())
    throw invalid("Got wrong number of keys (available keys: {})", key_tuple(names));
}

void check_filters(const std::vector<KeyName>& names, const Query& query) {
  std::set<std::string> unknown;
  for (const auto& [key, values] : query.where)
    if (!has_key(names, key)) unknown.insert(key);
  if (!query.last_first.empty() && !has_key(names, query.last_first))
    unknown.insert(query.last_first);
  if (!unknown.empty())
    throw invalid("Encountered unrecognized keys {{'{}'}} (available keys: {})",
                  fmt::join(unknown, "', '"), key_tuple(names));
}

void check_record(const std::vector<KeyName>& names, const Record& record) {
  check_key_count(names, record.keys);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& value = record.keys[i];
    if (value.empty()) throw invalid("the value of key '{}' is empty", names[i].name);
    if (!is_text(value))
      throw invalid("the value of key '{}' is not UTF-8 text", names[i].name);
  }
  if (record.band < 1)
    throw invalid("band {} does not exist; bands count from 1", record.band);
  if (!is_text(record.path))
    throw invalid("the path of {} is not UTF-8 text", value_tuple(record.keys));
  if (record.metadata) check_metadata(*record.metadata);
}

}  // namespace terrazzo::catalog
