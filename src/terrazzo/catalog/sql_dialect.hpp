#pragma once
// What the catalogue asks of databases that they do not answer in the same words.

#include <string>
#include <vector>

#include "terrazzo/catalog/sql_connection.hpp"
#include "terrazzo/data/geo.hpp"

namespace terrazzo::catalog {

struct SqlSchema;

// Conditions joined by AND, with what their parameters are.
class SqlConditions {
 public:
  void add(const std::string& condition, const std::vector<SqlValue>& values = {}) {
    text_ += (text_.empty() ? "(" : " AND (") + condition + ')';
    values_.insert(values_.end(), values.begin(), values.end());
  }
  const std::string& text() const { return text_; }  // empty: there are none
  const std::vector<SqlValue>& values() const { return values_; }

 private:
  std::string text_;
  std::vector<SqlValue> values_;
};

// Where the bands of datasets are: nowhere (all are 1), in the table terrazzo_bands, or
// in the column terrazzo_band of datasets.
enum class SqlBands { none, table, column };

class SqlDialect {
 public:
  virtual ~SqlDialect() = default;

  // The oldest Terracotta 0.x that kept catalogues in such databases.
  virtual int oldest_minor() const { return 8; }

  // The column in the order of its bytes.
  virtual std::string sorted(const std::string& column) const { return column; }
  // A condition whose one parameter is a folded word (see words.hpp): is it in the
  // column, folded?
  virtual std::string has_word(const std::string& column) const = 0;
  // Is the column one of the values? There are at least two.
  virtual SqlQuery is_any(const std::string& column,
                          const std::vector<std::string>& values) const;
  // Adds to the conditions on a dataset `d`, or to those on its metadata `m`, what an
  // index of footprints tells quickly: true for all that meet the box (that may cross the
  // antimeridian), and for few others.
  virtual void add_near(SqlConditions& of_dataset, SqlConditions& of_metadata,
                        const SqlSchema& schema, const Box& box) const = 0;
  // What the index finds alone, as "table WHERE condition".
  virtual SqlQuery near_rows(const Box& box) const = 0;

  // Writes rows whose first columns are the keys, in the place of rows that have them.
  // Without rows of values yet.
  virtual SqlBatch upsert(std::string_view table, const SqlSchema& schema,
                          const std::vector<std::string>& columns) const;
  // Makes a dataset with keys and path, if there is none, and keeps others from writing
  // it until the transaction ends. Empty batch: nobody else writes anyway.
  virtual SqlBatch claim(const SqlSchema&) const { return {}; }
  // What at the end of a SELECT from datasets `d` does the same to those that are there.
  virtual std::string locked() const { return ""; }

  virtual SqlBands bands(SqlConnection& db) const = 0;
  // Makes a place for them, in the transaction. Throws denied.
  virtual void add_bands(SqlConnection& db, const SqlSchema& schema) const = 0;
};

}  // namespace terrazzo::catalog
