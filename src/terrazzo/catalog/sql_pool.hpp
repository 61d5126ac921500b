#pragma once
// The connections of one database, as the catalogue uses them.

#include <cstdint>
#include <functional>

#include "terrazzo/base/context.hpp"
#include "terrazzo/catalog/sql_schema.hpp"

namespace terrazzo::catalog {

// Safe from any thread.
class SqlPool {
 public:
  using Work = std::function<void(SqlConnection&)>;

  virtual ~SqlPool() = default;

  virtual const SqlSchema& schema() const = 0;
  virtual bool writable() const = 0;
  // As Catalog::change_counter().
  virtual std::uint64_t change_counter() const = 0;

  // Works with a connection of its own, which ends as the context says. What the
  // database could not do now may be tried again: then all of the work is.
  // Throws corrupt_data, unavailable: there are other tables by now.
  virtual void read(const Context* context, const Work& work) const = 0;
  // Likewise, in one transaction: it is undone if the work throws.
  virtual void write(const Work& work) = 0;
};

// Throws denied: the catalogue is read-only, or has to be migrated first.
void check_writable(const SqlPool& pool);

}  // namespace terrazzo::catalog
