#pragma once
// SQL as the catalogue uses it, whichever database runs it.

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace terrazzo::catalog {

struct SqlBytes {
  std::string bytes;
};

// NaN is stored as NULL.
using SqlValue = std::variant<std::string, double, std::int64_t, SqlBytes>;

struct SqlQuery {
  std::string text;  // with a ? for each value, and no other
  std::vector<SqlValue> values{};
};

// One statement with many rows of values: head, then `row` for each of them, then tail.
// A database may take several at once, with `between` between them, in any portions.
struct SqlBatch {
  std::string head;     // INSERT INTO t (a, b) VALUES
  std::string row;      // (?, ?)
  std::string between;  // ", " or " OR "
  std::string tail{};   // ON CONFLICT …
  std::vector<std::vector<SqlValue>> rows{};
};

// The answer to a query, row by row.
class SqlRows {
 public:
  virtual ~SqlRows() = default;

  // True: the next row is there to read. Throws as SqlConnection.
  virtual bool next() = 0;

  // Columns of the row, from 0. number(): NULL is NaN. text(): of text or bytes, as they
  // are stored; NULL is empty.
  virtual bool is_null(int column) const = 0;
  virtual double number(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string text(int column) const = 0;
};

// Used by one thread at a time. Every method throws unavailable (locked past the
// time-out, gone, full), corrupt_data (not a database), denied (read-only, no rights),
// conflict (a constraint), too_large, internal (bad SQL), and as its context says.
class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  // The connection must outlive the rows, and runs nothing else until they are gone.
  virtual std::unique_ptr<SqlRows> select(const SqlQuery& query) = 0;
  // Returns how many rows of the table were changed.
  virtual std::int64_t change(const SqlBatch& batch) = 0;
  // A statement whose rows nobody wants.
  virtual void run(std::string sql) = 0;

  // Empty: there is no such table.
  virtual std::set<std::string> columns_of(std::string_view table) = 0;
};

// "name" with its quotes doubled.
std::string sql_name(std::string_view name);
// 'text' with its quotes doubled.
std::string sql_text(std::string_view text);

}  // namespace terrazzo::catalog
