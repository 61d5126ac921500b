#pragma once
// What every store checks and says alike.

#include <optional>
#include <string>
#include <string_view>

#include "terrazzo/io/store.hpp"

namespace terrazzo::io {

// The last part of a URI, for messages.
std::string name_in(std::string_view uri);

// Throws invalid_input: two conditions, or a content type that is none.
void check_options(const PutOptions& options);

// May what is there (empty: nothing) be replaced? Throws conflict.
void check_conditions(const PutOptions& options, const std::string& uri,
                      const std::optional<StoredObject>& there);

// Throws invalid_input: an object would be copied onto itself.
void check_copy(const std::string& from, const std::string& to);

Error not_there(std::string_view uri);         // not_found
Error already_there(std::string_view uri);     // conflict
Error other_generation(std::string_view uri);  // conflict

}  // namespace terrazzo::io
