#pragma once
// What every catalogue refuses, whichever database it keeps its records in.

#include <string_view>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::catalog {

// Throws invalid_input: no key, a name is not \w+, is reserved or stands twice (case
// aside: databases do not tell such columns apart).
void check_key_names(const std::vector<KeyName>& names);

// Throws invalid_input: not one value for each key.
void check_key_count(const std::vector<KeyName>& names, const Keys& keys);

// Throws invalid_input: a filter or the order names an unknown key.
void check_filters(const std::vector<KeyName>& names, const Query& query);

// Throws invalid_input: what insert() cannot take. Keys are not-empty UTF-8 text without
// NUL, bands count from 1, and bounds and hull are finite.
void check_record(const std::vector<KeyName>& names, const Record& record);

// ('S2', '20240601'): values as a message shows them.
std::string value_tuple(const std::vector<std::string>& values);

}  // namespace terrazzo::catalog
