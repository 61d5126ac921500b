#include "terrazzo/base/text.hpp"
#include "terrazzo/catalog/encoding.hpp"
#include "terrazzo/catalog/sql_writes.hpp"
#include "terrazzo/catalog/sqlite_events.hpp"
#include "terrazzo/catalog/sqlite_journal.hpp"

namespace terrazzo::catalog {
namespace {

std::string name_of(const Record& record) { return json_text(Json(record.keys)); }

std::string name_of(const Frame& frame) {
  return json_text(Json::array({frame.collection, frame.name}));
}

}  // namespace

std::vector<std::string> outputs_sql() {
  return {
      "CREATE TABLE IF NOT EXISTS terrazzo_outputs (kind TEXT NOT NULL, "
      "name TEXT NOT NULL, event INTEGER NOT NULL, published INTEGER NOT NULL, "
      "fresh INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID",
      "CREATE INDEX IF NOT EXISTS terrazzo_outputs_of ON terrazzo_outputs (event)",
      "CREATE TABLE IF NOT EXISTS terrazzo_trash (uri TEXT PRIMARY KEY, "
      "since INTEGER NOT NULL) WITHOUT ROWID",
      "CREATE TABLE IF NOT EXISTS terrazzo_products (product TEXT NOT NULL, "
      "collection TEXT NOT NULL, version INTEGER NOT NULL, files TEXT NOT NULL, "
      "PRIMARY KEY (product, collection)) WITHOUT ROWID",
  };
}

std::vector<Outdated> outdated_products(SqliteConnection& db,
                                        const std::string& product) {
  auto rows = db.prepare(
      "SELECT c.name, c.frames, c.west, c.south, c.east, c.north, c.version, p.files "
      "FROM terrazzo_collections c LEFT JOIN terrazzo_products p ON "
      "p.collection = c.name AND p.product = ? WHERE p.version IS NOT c.version AND "
      "(c.frames > 0 OR p.version IS NOT NULL) ORDER BY c.name");
  rows.bind(product);
  std::vector<Outdated> outdated;
  while (rows.step()) {
    outdated.push_back({collection_of(rows), {}});
    if (!rows.is_null(7))
      outdated.back().files = json_of(rows.text(7)).get<std::vector<std::string>>();
  }
  return outdated;
}

void note_product(SqliteConnection& db, const std::string& product,
                  const Collection& collection, const std::vector<std::string>& files) {
  auto row = db.prepare("INSERT OR REPLACE INTO terrazzo_products VALUES (?, ?, ?, ?)");
  row.bind(product).bind(collection.name);
  row.bind(static_cast<std::int64_t>(collection.version));
  row.bind(json_text(Json(files))).step();
}

bool SqliteOutputs::has_file(const std::string& pipeline, const std::string& uri) const {
  auto row = db_.prepare(
      "SELECT 1 FROM terrazzo_outputs o JOIN terrazzo_events e ON e.number = o.event "
      "WHERE o.kind = 'file' AND o.name = ?1 AND e.pipeline = ?2 "
      "UNION ALL SELECT 1 FROM terrazzo_trash WHERE uri = ?1");
  return row.bind(uri).bind(pipeline).step();
}

void SqliteOutputs::own(std::int64_t event, std::string_view kind,
                        const std::string& name, bool published) {
  {
    auto row = db_.prepare(
        "SELECT e.uri FROM terrazzo_outputs o JOIN terrazzo_events e ON "
        "e.number = o.event WHERE o.kind = ? AND o.name = ? AND o.event <> ? AND "
        "o.published = 1");
    row.bind(kind).bind(name).bind(event);
    if (row.step()) {
      Error taken = failure(ErrorKind::conflict,
                            "the {} {} was published already, from another file; give "
                            "them names that differ, or remove one of the two",
                            kind, shown(name, 200));
      taken.note("it came from {}", row.text(0));
      throw taken;
    }
  }
  auto row = db_.prepare(
      "INSERT INTO terrazzo_outputs (kind, name, event, published, fresh) "
      "VALUES (?, ?, ?, ?, 1) ON CONFLICT (kind, name) DO UPDATE SET "
      "published = max(excluded.published, iif(event = excluded.event, published, 0)), "
      "event = excluded.event, fresh = 1");
  row.bind(kind).bind(name).bind(event).bind(std::int64_t{published}).step();
}

void SqliteOutputs::reserve(std::int64_t event, const std::string& file) {
  own(event, "file", file, false);
  auto row = db_.prepare("DELETE FROM terrazzo_trash WHERE uri = ?");
  row.bind(file).step();
}

void SqliteOutputs::publish(std::int64_t event, const Publication& publication) {
  {
    auto row = db_.prepare("UPDATE terrazzo_outputs SET fresh = 0 WHERE event = ?");
    row.bind(event).step();
  }
  for (const Record& record : publication.records)
    own(event, "record", name_of(record), true);
  for (const Frame& frame : publication.frames) own(event, "frame", name_of(frame), true);
  for (const std::string& file : publication.files) own(event, "file", file, true);
  take_away(event, "fresh = 0");
  put(db_, schema_, last_of_each(publication.records));
  for (const Frame& frame : publication.frames) put_frame(db_, frame);
}

void SqliteOutputs::give_up(std::int64_t event) { take_away(event, "published = 0"); }

void SqliteOutputs::withdraw(std::int64_t event) { take_away(event, "1"); }

void SqliteOutputs::take_away(std::int64_t event, std::string_view which) {
  std::vector<Output> old;
  {
    auto rows =
        db_.prepare(fmt::format("SELECT kind, name, published FROM terrazzo_outputs "
                                "WHERE event = ? AND {}",
                                which));
    rows.bind(event);
    while (rows.step()) old.push_back({rows.text(0), rows.text(1), rows.integer(2) != 0});
  }
  for (const Output& output : old) remove(output);
  auto rows = db_.prepare(
      fmt::format("DELETE FROM terrazzo_outputs WHERE event = ? AND {}", which));
  rows.bind(event).step();
}

void SqliteOutputs::remove(const Output& output) {
  if (output.kind == "record") {
    catalog::remove(db_, schema_, json_of(output.name).get<Keys>());
  } else if (output.kind == "frame") {
    const Json name = json_of(output.name);
    remove_frame(db_, name.at(0), name.at(1));
  } else {
    auto row = db_.prepare("INSERT OR IGNORE INTO terrazzo_trash VALUES (?, ?)");
    row.bind(output.name).bind(ticks(now_)).step();
  }
}

}  // namespace terrazzo::catalog
