#pragma once

#include <span>

#include "terrazzo/base/error.hpp"

namespace terrazzo {

// What error_facts() looks up, in the order of ErrorKind: for the reference pages.
std::span<const ErrorFacts> error_table() noexcept;

}  // namespace terrazzo
