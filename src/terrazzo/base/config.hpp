#pragma once
// Settings from TOML files and the environment, as the JSON that from_json() reads.
//
//   Json all = merge(json_of_toml(text, "terrazzo.toml"), environment_values(rows));

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/fields.hpp"

namespace terrazzo {

// The keys of the topmost level become lower case (DEFAULT_TILE_SIZE of a Terracotta file
// is default_tile_size); dates and times become ISO 8601 text.
//
// Throws invalid_input, with source_name:line:column: it is not TOML, a key is there
// twice (case aside), a number is not finite, nesting passes 100 levels, the text passes
// 1 MiB.
Json json_of_toml(std::string_view text, std::string_view source_name);

// The line, from 1, of a key of the topmost level, named in lower case; 0: it is not
// there. Throws as json_of_toml().
std::size_t line_of_key(std::string_view toml, std::string_view lower_case_key);

// The value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// What the environment says of each row: the variable is the prefix and the row's name in
// upper case; the first prefix that has one wins. An empty variable counts as not set
// unless its row is text with a default.
//
// Throws invalid_input, naming the variable: its text is not what the row wants.
Json environment_values(const std::vector<FieldRow>& rows,
                        const std::vector<std::string>& prefixes = {"TERRAZZO_", "TC_"},
                        const Environment& environment = process_environment());

// A TOML file with every row, its sentence and its default, all commented out.
std::string toml_of_fields(const std::vector<FieldRow>& rows);

// The values of `low` where `high` has none; objects in both are merged likewise.
Json merge(Json low, const Json& high);

}  // namespace terrazzo
