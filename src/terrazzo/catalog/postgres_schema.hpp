#pragma once
// What is PostgreSQL's own in the tables of a catalogue (see sql_schema.hpp):
//
//   datasets.terrazzo_band  the band
//   terrazzo_footprints  index of the boxes in metadata: PostgreSQL keeps it by itself,
//                        whoever writes, and it needs no PostGIS
//   terrazzo_changes     how often the tables were written, by triggers once for each
//                        transaction, so that a change is counted when it is seen. In 64
//                        rows, so that few writers wait for each other; their sum counts

#include <string>
#include <vector>

#include "terrazzo/catalog/server_pool.hpp"

namespace terrazzo::catalog {

// What makes an empty catalogue.
std::vector<std::string> postgres_schema_sql(const std::vector<KeyName>& keys);
// What makes our own things beside tables of Terracotta, as far as they are not there.
std::vector<std::string> postgres_additions_sql();

class PostgresDialect final : public ServerDialect {
 public:
  // lower_collation: that knows capitals of all scripts; may be empty.
  explicit PostgresDialect(std::string lower_collation);

  std::string sorted(const std::string& column) const override;
  std::string has_word(const std::string& column) const override;
  void add_near(SqlConditions& of_dataset, SqlConditions& of_metadata,
                const SqlSchema& schema, const Box& box) const override;
  SqlQuery near_rows(const Box& box) const override;
  SqlBatch claim(const SqlSchema& schema) const override;
  std::string locked() const override { return " FOR UPDATE OF d"; }

 private:
  std::string lower_collation_;
};

}  // namespace terrazzo::catalog
