#pragma once
// Queries of the catalogue as SQL.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sqlite_schema.hpp"

namespace terrazzo::catalog {

using SqlValue = std::variant<std::string, double, std::int64_t>;

struct SqlQuery {
  std::string text;
  std::vector<SqlValue> values;  // of its parameters, in order
};

// Rows for record_of(): the records that match, in the order that is asked for.
// `bands`: terrazzo_bands is there.
SqlQuery find_sql(const SqliteSchema& schema, bool bands, const Query& query);

// One row, one number.
SqlQuery count_sql(const SqliteSchema& schema, const Query& query);

// Rows of value and count for key number `key`, most frequent first.
SqlQuery facet_sql(const SqliteSchema& schema, const Query& query, std::size_t key,
                   std::size_t most);

// Rows for record_of() with metadata; its parameters are the keys.
std::string get_sql(const SqliteSchema& schema, bool bands);

enum class Damaged { refuse, leave_out };

// The row that the statement stands on. Metadata that cannot be read are refused as
// corrupt_data, or left out with a warning in the log.
Record record_of(const SqliteStatement& row, std::size_t keys, bool with_metadata,
                 Damaged damaged);

// Parameters: keys, path.
std::string upsert_dataset_sql(const SqliteSchema& schema);
// Parameters: keys, bounds, values (see bind_metadata).
std::string upsert_metadata_sql(const SqliteSchema& schema);
// Parameters: keys.
std::string delete_sql(const SqliteSchema& schema, std::string_view table);

void bind_keys(SqliteStatement& statement, const Keys& keys);
void bind_values(SqliteStatement& statement, const SqlQuery& query);
void bind_metadata(SqliteStatement& statement, const Metadata& metadata);

}  // namespace terrazzo::catalog
