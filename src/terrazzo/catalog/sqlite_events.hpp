#pragma once
// The rows of terrazzo_events; see sqlite_journal.hpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"

namespace terrazzo::catalog {

// What makes all tables of a journal where they are not there.
std::vector<std::string> journal_sql();

// For event_row().
inline constexpr std::string_view event_columns =
    "number, pipeline, uri, generation, recipe, published, state, attempts, lost, "
    "fence, worker, error_kind, error, arrived, changed, due, sequencer";

struct EventRow {
  Event event;
  std::string sequencer;
};

EventRow event_row(const SqliteStatement& row);

// The conditions of a query, and its values in their order.
struct EventConditions {
  explicit EventConditions(const EventQuery& query);

  // Beginning with " WHERE", with a further condition that has no values.
  std::string with(std::string_view condition) const;

  std::string text;  // empty, or beginning with " WHERE"
  std::vector<std::string> values;

 private:
  void add(std::string_view condition, const std::string& value);
  void add_list(std::string_view column, const std::vector<std::string>& names);
};

// Times as they are stored: microseconds since 1970.
std::int64_t ticks(Time time);
Time time_of_ticks(std::int64_t count);

}  // namespace terrazzo::catalog
