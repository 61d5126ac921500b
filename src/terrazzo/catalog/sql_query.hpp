#pragma once
// Questions to the catalogue as SQL.

#include <cstdint>
#include <string>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sql_connection.hpp"
#include "terrazzo/catalog/sql_schema.hpp"

namespace terrazzo::catalog {

// How records in a box are found: by the index of footprints, or one after the other in
// the order of their keys, which is quicker where very many are in it.
enum class Search { index, rows };

// One row: 1 if so many are in the box of the query that Search::rows is quicker.
SqlQuery is_crowded_sql(const SqlSchema& schema, const Query& query);

// Rows for record_of(): the records that match, in the order that is asked for.
SqlQuery find_sql(const SqlSchema& schema, SqlBands bands, const Query& query,
                  Search search = Search::index);

// One row, one number.
SqlQuery count_sql(const SqlSchema& schema, const Query& query,
                   Search search = Search::index);

// Rows of value and count for key number `key`, most frequent first.
SqlQuery facet_sql(const SqlSchema& schema, const Query& query, std::size_t key,
                   std::size_t most, Search search = Search::index);

enum class Lock { none, row };

// At most one row for record_of() with metadata. Lock::row: until the transaction ends
// nobody else writes it.
SqlQuery get_sql(const SqlSchema& schema, SqlBands bands, const Keys& keys,
                 Lock lock = Lock::none);

enum class Damaged { refuse, leave_out };

// The row that the answer stands on. Metadata that cannot be read are refused as
// corrupt_data, or left out with a warning in the log.
Record record_of(const SqlRows& row, std::size_t keys, bool with_metadata,
                 Damaged damaged);

// The band of dataset `d`, with what has to be joined for it.
struct BandColumn {
  std::string expression;
  std::string join;
};
BandColumn band_column(const SqlSchema& schema, SqlBands bands);

std::vector<SqlValue> values_of(const Keys& keys);

}  // namespace terrazzo::catalog
