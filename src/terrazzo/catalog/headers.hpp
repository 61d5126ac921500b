#pragma once
// What is known of raster files' insides, kept beside the catalogue's tables.

#include <chrono>
#include <memory>
#include <string>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/io/header_store.hpp"

namespace terrazzo::catalog {

// In a database of SQLite: headers of at most 4 MiB, of the 100 000 files that came last,
// none if it is read-only. They are written together, `written_every` so often, and at
// the end. Null: other catalogues have no place for them. Throws as open_catalog().
std::shared_ptr<io::HeaderStore> open_headers(
    const std::string& uri, const OpenOptions& options = {},
    std::chrono::milliseconds written_every = std::chrono::seconds{10});

}  // namespace terrazzo::catalog
