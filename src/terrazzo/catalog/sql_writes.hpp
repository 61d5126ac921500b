#pragma once
// Changes of the catalogue as SQL. All of them belong into a transaction.

#include <span>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sql_connection.hpp"
#include "terrazzo/catalog/sql_schema.hpp"

namespace terrazzo::catalog {

// A record that is written, in somebody else's memory.
struct Entry {
  const Keys* keys;
  const std::string* path;
  int band;
  const Metadata* metadata;  // null: none
};

// The last state of each record, by keys: what writing one after the other leaves.
// Those writers that go by the order of keys never wait for each other in a circle.
std::vector<Entry> last_of_each(std::span<const Record> records);

// As Catalog::insert_all(). No keys may come twice.
void put(SqlConnection& db, const SqlSchema& schema, std::span<const Entry> entries);

void put_metadata(SqlConnection& db, const SqlSchema& schema, const Keys& keys,
                  const Metadata& metadata);

// False: there is none.
bool remove(SqlConnection& db, const SqlSchema& schema, const Keys& keys);

}  // namespace terrazzo::catalog
