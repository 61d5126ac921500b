#pragma once

#include <string>
#include <vector>

namespace terrazzo::catalog {

struct Migration {
  std::string from;                     // "0.7"
  std::string to;                       // "0.9"
  std::vector<std::string> statements;  // SQL, in order; empty: nothing to do
};

// What it takes to bring a Terracotta database to `to` ("0.8", "0.9").
// Throws not_found, corrupt_data: as open_catalog. unsupported: no way from its version.
Migration plan_migration(const std::string& uri, const std::string& to = "0.9");

// In one transaction: afterwards the database has the new version or is as it was.
void run_migration(const std::string& uri, const Migration& migration);

}  // namespace terrazzo::catalog
