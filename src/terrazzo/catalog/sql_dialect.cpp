#include "terrazzo/catalog/sql_dialect.hpp"

#include "terrazzo/catalog/sql_schema.hpp"

namespace terrazzo::catalog {

SqlQuery SqlDialect::is_any(const std::string& column,
                            const std::vector<std::string>& values) const {
  return {column + " IN (" + placeholders(values.size()) + ")",
          {values.begin(), values.end()}};
}

SqlBatch SqlDialect::upsert(std::string_view table, const SqlSchema& schema,
                            const std::vector<std::string>& columns) const {
  std::string names;
  std::string updates;
  for (const std::string& column : columns) {
    names += ", " + column;
    updates +=
        fmt::format("{}{} = excluded.{}", updates.empty() ? "" : ", ", column, column);
  }
  const std::string keys = key_list(schema.keys);
  return {.head = fmt::format("INSERT INTO {} ({}{}) VALUES ", table, keys, names),
          .row = "(" + placeholders(schema.keys.size() + columns.size()) + ")",
          .between = ", ",
          .tail = fmt::format(" ON CONFLICT ({}) DO UPDATE SET {}", keys, updates)};
}

}  // namespace terrazzo::catalog
