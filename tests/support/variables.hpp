#pragma once
// An environment that a test makes up.

#include <map>
#include <string>
#include <utility>

#include "terrazzo/base/config.hpp"

namespace terrazzo::testing {

using Variables = std::map<std::string, std::string>;

inline Environment environment_of(Variables variables) {
  return [variables = std::move(variables)](const std::string& name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional{at->second};
  };
}

}  // namespace terrazzo::testing
