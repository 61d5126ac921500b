#pragma once
// What the five letters mean by which the SQL standard calls errors.

#include <string_view>

#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/server_pool.hpp"

namespace terrazzo::catalog {

ServerConnection::Trouble trouble_of(std::string_view state);

// `name`: of the database.
Error error_of_state(std::string_view state, const std::string& name,
                     int timeout_seconds);

}  // namespace terrazzo::catalog
