#include "terrazzo/catalog/sqlite_events.hpp"

#include "terrazzo/catalog/sqlite_frames.hpp"
#include "terrazzo/catalog/sqlite_journal.hpp"

namespace terrazzo::catalog {

std::int64_t ticks(Time time) { return time.time_since_epoch().count(); }

Time time_of_ticks(std::int64_t count) { return Time{Time::duration{count}}; }

std::vector<std::string> journal_sql() {
  std::vector<std::string> statements{
      "CREATE TABLE IF NOT EXISTS terrazzo_events (number INTEGER PRIMARY KEY, "
      "pipeline TEXT NOT NULL, uri TEXT NOT NULL, generation TEXT NOT NULL, "
      "recipe TEXT NOT NULL, sequencer TEXT NOT NULL, published TEXT NOT NULL, "
      "state TEXT NOT NULL, attempts INTEGER NOT NULL, lost INTEGER NOT NULL, "
      "fence INTEGER NOT NULL, worker TEXT NOT NULL, error_kind TEXT NOT NULL, "
      "error TEXT NOT NULL, arrived INTEGER NOT NULL, changed INTEGER NOT NULL, "
      "due INTEGER, UNIQUE (pipeline, uri))",
      "CREATE INDEX IF NOT EXISTS terrazzo_events_due ON terrazzo_events "
      "(pipeline, due) WHERE due IS NOT NULL",
      "CREATE INDEX IF NOT EXISTS terrazzo_events_states ON terrazzo_events "
      "(pipeline, state)",
      "CREATE TABLE IF NOT EXISTS terrazzo_attempts (event INTEGER NOT NULL, "
      "attempt INTEGER NOT NULL, position INTEGER NOT NULL, fence INTEGER NOT NULL, "
      "step TEXT NOT NULL, seconds FLOAT NOT NULL, peak_bytes INTEGER NOT NULL, "
      "error TEXT NOT NULL, at INTEGER NOT NULL, "
      "PRIMARY KEY (event, fence, position)) WITHOUT ROWID",
  };
  for (auto&& part : {outputs_sql(), frames_sql()})
    statements.insert(statements.end(), part.begin(), part.end());
  return statements;
}

EventRow event_row(const SqliteStatement& row) {
  Event event{.number = row.integer(0),
              .pipeline = row.text(1),
              .uri = row.text(2),
              .generation = row.text(3),
              .recipe = row.text(4),
              .published = row.text(5),
              .state = state_from(row.text(6)),
              .attempts = static_cast<int>(row.integer(7)),
              .lost = static_cast<int>(row.integer(8)),
              .fence = row.integer(9),
              .worker = row.text(10),
              .error_kind = row.text(11),
              .error = row.text(12),
              .arrived = time_of_ticks(row.integer(13)),
              .changed = time_of_ticks(row.integer(14))};
  if (!row.is_null(15)) event.due = time_of_ticks(row.integer(15));
  return {std::move(event), row.text(16)};
}

EventConditions::EventConditions(const EventQuery& query) {
  if (!query.pipeline.empty()) add("pipeline = ?", query.pipeline);
  if (!query.states.empty()) {
    std::vector<std::string> names;
    for (const State state : query.states) names.emplace_back(state_name(state));
    add_list("state", names);
  }
  if (!query.uris.empty()) add_list("uri", query.uris);
  if (!query.like.empty()) add("uri GLOB ?", query.like);
}

std::string EventConditions::with(std::string_view condition) const {
  return text + (text.empty() ? " WHERE " : " AND ") + std::string{condition};
}

void EventConditions::add(std::string_view condition, const std::string& value) {
  text = with(condition);
  values.push_back(value);
}

void EventConditions::add_list(std::string_view column,
                               const std::vector<std::string>& names) {
  text = with(fmt::format("{} IN (SELECT value FROM json_each(?))", column));
  values.push_back(Json(names).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace terrazzo::catalog
