#pragma once
// What is MariaDB's and MySQL's own in the tables of a catalogue (see sql_schema.hpp):
//
//   datasets.terrazzo_band        the band
//   metadata.terrazzo_footprint   the box as a diagonal, with a spatial index; its
//   default
//                                 is of the other columns, and rows are only replaced
//   terrazzo_changes              how often the tables were written. In 64 rows, so that
//                                 few writers wait for each other; their sum counts.
//                                 Terrazzo counts its transactions, triggers the rows
//                                 that others write

#include <string>
#include <vector>

#include "terrazzo/catalog/server_pool.hpp"

namespace terrazzo::catalog {

// Terracotta's tables. `collation` compares bytes.
std::vector<std::string> mysql_tables_sql(const std::vector<KeyName>& keys,
                                          std::string_view collation);
// What makes our own things beside them, as far as they are not there.
std::vector<std::string> mysql_additions_sql(SqlConnection& db);
// That of one transaction.
std::string mysql_count_sql();

class MysqlDialect final : public ServerDialect {
 public:
  std::string has_word(const std::string& column) const override;
  void add_near(SqlConditions& of_dataset, SqlConditions& of_metadata,
                const SqlSchema& schema, const Box& box) const override;
  SqlQuery near_rows(const Box& box) const override;
  SqlBatch upsert(std::string_view table, const SqlSchema& schema,
                  const std::vector<std::string>& columns) const override;
  SqlBatch claim(const SqlSchema& schema) const override;
  std::string locked() const override { return " FOR UPDATE"; }
};

}  // namespace terrazzo::catalog
