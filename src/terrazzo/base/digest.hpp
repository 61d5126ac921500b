#pragma once

#include <string>
#include <string_view>

namespace terrazzo {

// "a1b2…" of any text, 16 hex digits; the same on every machine (FNV-1a, 64 bit). Not
// against those who look for two texts with the same one.
std::string digest(std::string_view text);

}  // namespace terrazzo
