#pragma once

#include <memory>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sql_pool.hpp"

namespace terrazzo::catalog {

// The catalogue in a database that speaks SQL.
std::unique_ptr<Catalog> sql_catalog(std::unique_ptr<SqlPool> pool);

// In one transaction the records of `pool` become those of the catalogue in the file
// `from`. Throws unsupported: that has other keys. denied: the pool is read-only.
void replace_records(SqlPool& pool, const std::string& from);

}  // namespace terrazzo::catalog
