#include "terrazzo/catalog/sqlite_journal.hpp"

#include <algorithm>

#include "terrazzo/catalog/rules.hpp"
#include "terrazzo/catalog/sqlite_events.hpp"
#include "terrazzo/catalog/sqlite_file.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"

namespace terrazzo::catalog {
namespace {

constexpr int most_lost = 20;           // claims whose worker died
constexpr std::int64_t most_kept = 20;  // claims whose steps are kept

std::int64_t ticks_of(milliseconds span) {
  return std::chrono::duration_cast<Time::duration>(span).count();
}

// S3's sequencers are hexadecimal numbers to be compared from the left, the shorter one
// filled up with zeros on its right.
bool is_older(std::string a, std::string b) {
  const auto length = std::max(a.size(), b.size());
  a.resize(length, '0');
  b.resize(length, '0');
  return a < b;
}

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(const std::string& path, const JournalOptions& options)
      : pool_(path, options.open), clock_(options.clock) {
    if (pool_.writable()) make_tables();
  }

  Announced announce(const Arrival& arrival) override;
  std::optional<Claim> claim(const ClaimRequest& request) override;
  bool renew(const Claim& claim, milliseconds lease) override;
  bool reserve(const Claim& claim, const std::vector<std::string>& files) override;
  bool publish(const Claim& claim, const Publication& publication,
               const std::vector<StepRun>& steps) override;
  bool end(const Claim& claim, const Ending& ending,
           const std::vector<StepRun>& steps) override;
  bool release(const Claim& claim) override;
  std::uint64_t requeue(const EventQuery& query) override;
  std::uint64_t discard(const EventQuery& query) override;
  std::vector<Event> events(const EventQuery& query) const override;
  std::vector<Attempt> attempts(std::int64_t event) const override;
  std::vector<Output> outputs(std::int64_t event) const override;
  std::vector<std::string> trash(milliseconds age, std::size_t most) const override;
  bool forget(const std::string& uri) override;
  std::vector<Outdated> outdated(const std::string& product) const override {
    return outdated_products(*pool_.reader(), product);
  }
  void made(const std::string& product, const Collection& collection,
            const std::vector<std::string>& files) override {
    need_writing();
    note_product(*Writer{pool_}, product, collection, files);
  }

 private:
  using Writer = SqlitePool::Writer;

  void make_tables();
  void need_writing() const { check_writable(pool_); }
  Announced announce_new(SqliteConnection& db, const Arrival& arrival, Time now);
  Announced announce_known(SqliteConnection& db, const EventRow& known,
                           const Arrival& arrival, Time now);
  Announced withdraw(SqliteConnection& db, const EventRow& known, const Arrival& arrival,
                     Time now);
  void keep_steps(SqliteConnection& db, const Claim& claim,
                  const std::vector<StepRun>& steps, Time now);

  SqlitePool pool_;
  std::function<Time()> clock_;
};

void SqliteJournal::make_tables() {
  const Writer db{pool_};
  if (db->has_table("terrazzo_events")) return;
  SqliteTransaction transaction{*db};
  for (const std::string& sql : journal_sql()) db->run(sql);
  transaction.commit();
}

std::optional<EventRow> row_at(SqliteConnection& db, const std::string& pipeline,
                               const std::string& uri) {
  auto row = db.prepare(fmt::format(
      "SELECT {} FROM terrazzo_events WHERE pipeline = ? AND uri = ?", event_columns));
  row.bind(pipeline).bind(uri);
  if (!row.step()) return {};
  return event_row(row);
}

bool holds(SqliteConnection& db, const Claim& claim) {
  auto row = db.prepare(
      "SELECT 1 FROM terrazzo_events WHERE number = ? AND fence = ? AND "
      "state = 'running'");
  return row.bind(claim.event).bind(claim.fence).step();
}

Announced SqliteJournal::announce(const Arrival& arrival) {
  need_writing();
  const Writer db{pool_};
  SqliteTransaction transaction{*db};
  const Time now = clock_();
  const auto known = row_at(*db, arrival.pipeline, arrival.uri);
  const auto answer =
      known ? announce_known(*db, *known, arrival, now) : announce_new(*db, arrival, now);
  transaction.commit();
  return answer;
}

Announced SqliteJournal::announce_new(SqliteConnection& db, const Arrival& arrival,
                                      Time now) {
  if (SqliteOutputs{db, pool_.schema(), now}.has_file(arrival.pipeline, arrival.uri))
    return Announced::output;
  if (arrival.removed && arrival.sequencer.empty()) return Announced::already;
  auto row = db.prepare(fmt::format(
      "INSERT INTO terrazzo_events (pipeline, uri, generation, recipe, sequencer, "
      "published, state, attempts, lost, fence, worker, error_kind, error, arrived, "
      "changed, due) VALUES (?, ?, ?, ?, ?, '', ?, 0, 0, 1, '', '', '', ?, ?, {})",
      arrival.removed ? "NULL" : "?"));
  row.bind(arrival.pipeline).bind(arrival.uri).bind(arrival.generation);
  row.bind(arrival.recipe).bind(arrival.sequencer);
  row.bind(state_name(arrival.removed ? State::deleted : State::queued));
  row.bind(ticks(now)).bind(ticks(now));
  if (!arrival.removed) row.bind(ticks(now));
  row.step();
  return arrival.removed ? Announced::removed : Announced::queued;
}

Announced SqliteJournal::announce_known(SqliteConnection& db, const EventRow& known,
                                        const Arrival& arrival, Time now) {
  if (!arrival.sequencer.empty() && is_older(arrival.sequencer, known.sequencer))
    return Announced::outdated;
  if (!arrival.sequencer.empty() && arrival.sequencer == known.sequencer)
    return Announced::already;
  if (arrival.removed) return withdraw(db, known, arrival, now);
  const bool same = known.event.generation == arrival.generation &&
                    known.event.recipe == arrival.recipe &&
                    known.event.state != State::deleted;
  if (same) {
    auto row = db.prepare(
        "UPDATE terrazzo_events SET sequencer = max(sequencer, ?) WHERE number = ?");
    row.bind(arrival.sequencer).bind(known.event.number).step();
    return Announced::already;
  }
  auto row = db.prepare(
      "UPDATE terrazzo_events SET generation = ?, recipe = ?, sequencer = ?, "
      "state = 'queued', attempts = 0, lost = 0, fence = fence + 1, worker = '', "
      "error_kind = '', error = '', arrived = ?, changed = ?, due = ? "
      "WHERE number = ?");
  row.bind(arrival.generation).bind(arrival.recipe);
  row.bind(arrival.sequencer.empty() ? known.sequencer : arrival.sequencer);
  row.bind(ticks(now)).bind(ticks(now)).bind(ticks(now)).bind(known.event.number);
  row.step();
  return Announced::queued;
}

Announced SqliteJournal::withdraw(SqliteConnection& db, const EventRow& known,
                                  const Arrival& arrival, Time now) {
  SqliteOutputs{db, pool_.schema(), now}.withdraw(known.event.number);
  auto row = db.prepare(
      "UPDATE terrazzo_events SET state = 'deleted', sequencer = max(sequencer, ?), "
      "published = '', fence = fence + 1, worker = '', error_kind = '', error = '', "
      "changed = ?, due = NULL WHERE number = ?");
  row.bind(arrival.sequencer).bind(ticks(now)).bind(known.event.number).step();
  return known.event.state == State::deleted ? Announced::already : Announced::removed;
}

std::optional<EventRow> due_row(SqliteConnection& db, const ClaimRequest& request,
                                Time now) {
  auto row = db.prepare(
      fmt::format("SELECT {} FROM terrazzo_events WHERE pipeline = ? AND due <= ?{} "
                  "ORDER BY due, number LIMIT 1",
                  event_columns, request.uri.empty() ? "" : " AND uri = ?"));
  row.bind(request.pipeline).bind(ticks(now));
  if (!request.uri.empty()) row.bind(request.uri);
  if (!row.step()) return {};
  return event_row(row);
}

void bury(SqliteConnection& db, std::int64_t event, Time now) {
  auto row = db.prepare(
      "UPDATE terrazzo_events SET state = 'dead', fence = fence + 1, worker = '', "
      "lost = ?, error_kind = 'internal', error = ?, changed = ?, due = NULL "
      "WHERE number = ?");
  row.bind(std::int64_t{most_lost});
  row.bind(fmt::format("{} workers died while they had it", most_lost));
  row.bind(ticks(now)).bind(event).step();
}

std::optional<Claim> SqliteJournal::claim(const ClaimRequest& request) {
  need_writing();
  {
    // Nobody is kept from writing by those that wait for work.
    const auto reader = pool_.reader();
    if (!due_row(*reader, request, clock_())) return {};
  }
  const Writer db{pool_};
  SqliteTransaction transaction{*db};
  const Time now = clock_();
  std::optional<Claim> claim;
  while (const auto due = due_row(*db, request, now)) {
    const Event& event = due->event;
    const int lost = event.lost + (event.state == State::running ? 1 : 0);
    if (lost >= most_lost) {
      bury(*db, event.number, now);
      continue;
    }
    auto row = db->prepare(
        "UPDATE terrazzo_events SET state = 'running', attempts = attempts + 1, "
        "lost = ?, fence = fence + 1, worker = ?, changed = ?, due = ? "
        "WHERE number = ?");
    row.bind(std::int64_t{lost}).bind(request.worker).bind(ticks(now));
    row.bind(ticks(now) + ticks_of(request.lease)).bind(event.number).step();
    claim = Claim{event.number, event.fence + 1,  event.pipeline,
                  event.uri,    event.generation, event.attempts + 1 - lost};
    break;
  }
  transaction.commit();
  return claim;
}

bool SqliteJournal::renew(const Claim& claim, milliseconds lease) {
  need_writing();
  const Writer db{pool_};
  auto row = db->prepare(
      "UPDATE terrazzo_events SET due = ? WHERE number = ? AND fence = ? AND "
      "state = 'running'");
  row.bind(ticks(clock_()) + ticks_of(lease)).bind(claim.event).bind(claim.fence).step();
  return db->changed_rows() > 0;
}

bool SqliteJournal::reserve(const Claim& claim, const std::vector<std::string>& files) {
  need_writing();
  const Writer db{pool_};
  SqliteTransaction transaction{*db};
  if (!holds(*db, claim)) return false;
  SqliteOutputs outputs{*db, pool_.schema(), clock_()};
  for (const std::string& file : files) outputs.reserve(claim.event, file);
  transaction.commit();
  return true;
}

bool SqliteJournal::publish(const Claim& claim, const Publication& publication,
                            const std::vector<StepRun>& steps) {
  need_writing();
  for (const Record& record : publication.records)
    check_record(pool_.schema().keys, record);
  const Writer db{pool_};
  SqliteTransaction transaction{*db};
  const Time now = clock_();
  if (!holds(*db, claim)) return false;
  SqliteOutputs{*db, pool_.schema(), now}.publish(claim.event, publication);
  {
    auto row = db->prepare(
        "UPDATE terrazzo_events SET state = 'done', published = generation, "
        "error_kind = '', error = '', worker = '', changed = ?, due = NULL "
        "WHERE number = ?");
    row.bind(ticks(now)).bind(claim.event).step();
  }
  keep_steps(*db, claim, steps, now);
  transaction.commit();
  return true;
}

bool SqliteJournal::end(const Claim& claim, const Ending& ending,
                        const std::vector<StepRun>& steps) {
  need_writing();
  const Writer db{pool_};
  SqliteTransaction transaction{*db};
  const Time now = clock_();
  if (!holds(*db, claim)) return false;
  SqliteOutputs{*db, pool_.schema(), now}.give_up(claim.event);
  {
    auto row = db->prepare(fmt::format(
        "UPDATE terrazzo_events SET state = ?, error_kind = ?, error = ?, worker = '', "
        "changed = ?, due = {} WHERE number = ?",
        ending.retry_in ? "?" : "NULL"));
    row.bind(state_name(ending.state)).bind(ending.kind).bind(ending.text);
    row.bind(ticks(now));
    if (ending.retry_in) row.bind(ticks(now) + ticks_of(*ending.retry_in));
    row.bind(claim.event).step();
  }
  keep_steps(*db, claim, steps, now);
  transaction.commit();
  return true;
}

bool SqliteJournal::release(const Claim& claim) {
  need_writing();
  const Writer db{pool_};
  auto row = db->prepare(
      "UPDATE terrazzo_events SET state = 'queued', attempts = attempts - 1, "
      "fence = fence + 1, worker = '', changed = ?1, due = ?1 "
      "WHERE number = ? AND fence = ? AND state = 'running'");
  row.bind(ticks(clock_())).bind(claim.event).bind(claim.fence).step();
  return db->changed_rows() > 0;
}

void SqliteJournal::keep_steps(SqliteConnection& db, const Claim& claim,
                               const std::vector<StepRun>& steps, Time now) {
  std::int64_t position = 0;
  for (const StepRun& run : steps) {
    auto row =
        db.prepare("INSERT INTO terrazzo_attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    row.bind(claim.event).bind(std::int64_t{claim.attempt}).bind(position++);
    row.bind(claim.fence).bind(run.step).bind(run.seconds);
    row.bind(static_cast<std::int64_t>(run.peak_bytes)).bind(run.error);
    row.bind(ticks(now)).step();
  }
  auto old = db.prepare("DELETE FROM terrazzo_attempts WHERE event = ? AND fence <= ?");
  old.bind(claim.event).bind(claim.fence - most_kept).step();
}

std::uint64_t SqliteJournal::requeue(const EventQuery& query) {
  need_writing();
  const EventConditions conditions{query};
  const Writer db{pool_};
  auto row = db->prepare(
      "UPDATE terrazzo_events SET state = 'queued', attempts = 0, lost = 0, "
      "fence = fence + 1, error_kind = '', error = '', changed = ?1, due = ?1" +
      conditions.with("state NOT IN ('deleted', 'running')"));
  row.bind(ticks(clock_()));
  for (const std::string& value : conditions.values) row.bind(value);
  row.step();
  return static_cast<std::uint64_t>(db->changed_rows());
}

std::uint64_t SqliteJournal::discard(const EventQuery& query) {
  need_writing();
  const EventConditions conditions{query};
  const Writer db{pool_};
  auto row = db->prepare(
      "UPDATE terrazzo_events SET state = 'skipped', changed = ?, due = NULL" +
      conditions.with("state IN ('failed', 'dead')"));
  row.bind(ticks(clock_()));
  for (const std::string& value : conditions.values) row.bind(value);
  row.step();
  return static_cast<std::uint64_t>(db->changed_rows());
}

std::vector<Event> SqliteJournal::events(const EventQuery& query) const {
  const auto reader = pool_.reader();
  std::vector<Event> events;
  if (!reader->has_table("terrazzo_events")) return events;
  const EventConditions conditions{query};
  std::string sql =
      fmt::format("SELECT {} FROM terrazzo_events{} ORDER BY arrived, number",
                  event_columns, conditions.text);
  if (query.limit) sql += fmt::format(" LIMIT {}", *query.limit);
  auto rows = reader->prepare(std::move(sql));
  for (const std::string& value : conditions.values) rows.bind(value);
  while (rows.step()) events.push_back(event_row(rows).event);
  return events;
}

std::vector<Attempt> SqliteJournal::attempts(std::int64_t event) const {
  const auto reader = pool_.reader();
  std::vector<Attempt> attempts;
  if (!reader->has_table("terrazzo_attempts")) return attempts;
  auto rows = reader->prepare(
      "SELECT attempt, step, seconds, peak_bytes, error, at FROM terrazzo_attempts "
      "WHERE event = ? ORDER BY fence, position");
  rows.bind(event);
  while (rows.step())
    attempts.push_back({static_cast<int>(rows.integer(0)),
                        {rows.text(1), rows.number(2),
                         static_cast<std::uint64_t>(rows.integer(3)), rows.text(4)},
                        time_of_ticks(rows.integer(5))});
  return attempts;
}

std::vector<Output> SqliteJournal::outputs(std::int64_t event) const {
  const auto reader = pool_.reader();
  std::vector<Output> outputs;
  if (!reader->has_table("terrazzo_outputs")) return outputs;
  auto rows = reader->prepare(
      "SELECT kind, name, published FROM terrazzo_outputs WHERE event = ? "
      "ORDER BY kind, name");
  rows.bind(event);
  while (rows.step())
    outputs.push_back({rows.text(0), rows.text(1), rows.integer(2) != 0});
  return outputs;
}

std::vector<std::string> SqliteJournal::trash(milliseconds age, std::size_t most) const {
  const auto reader = pool_.reader();
  std::vector<std::string> files;
  auto rows = reader->prepare(
      "SELECT uri FROM terrazzo_trash WHERE since <= ? ORDER BY since LIMIT ?");
  rows.bind(ticks(clock_()) - ticks_of(age)).bind(static_cast<std::int64_t>(most));
  while (rows.step()) files.push_back(rows.text(0));
  return files;
}

bool SqliteJournal::forget(const std::string& uri) {
  need_writing();
  const Writer db{pool_};
  auto row = db->prepare("DELETE FROM terrazzo_trash WHERE uri = ?");
  row.bind(uri).step();
  return db->changed_rows() > 0;
}

}  // namespace

std::unique_ptr<Journal> open_sqlite_journal(const std::string& uri,
                                             const JournalOptions& options) {
  return std::make_unique<SqliteJournal>(sqlite_path(uri), options);
}

}  // namespace terrazzo::catalog
