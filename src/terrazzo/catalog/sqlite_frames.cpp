#include "terrazzo/catalog/sqlite_frames.hpp"

#include <cmath>

#include "terrazzo/catalog/encoding.hpp"
#include "terrazzo/catalog/sqlite_events.hpp"
#include "terrazzo/catalog/sqlite_file.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"

namespace terrazzo::catalog {
namespace {

constexpr std::string_view extents =
    "SELECT min(iif(west <= east, west, -180)), min(south), "
    "max(iif(west <= east, east, 180)), max(north) FROM terrazzo_frames "
    "WHERE collection = ?";

// A box across the antimeridian spans every longitude where boxes are compared.
Box unrolled(Box box) {
  if (box.west <= box.east) return box;
  return {-180, box.south, 180, box.north};
}

Box box_at(const SqliteStatement& row, int column) {
  return {row.number(column), row.number(column + 1), row.number(column + 2),
          row.number(column + 3)};
}

void bind_box(SqliteStatement& row, const Box& box) {
  row.bind(box.west).bind(box.south).bind(box.east).bind(box.north);
}

void check(const Frame& frame) {
  if (frame.collection.empty() || frame.name.empty())
    throw invalid("a frame has no name, or its collection has none");
  for (const double edge :
       {frame.bounds.west, frame.bounds.south, frame.bounds.east, frame.bounds.north})
    if (!std::isfinite(edge))
      throw invalid("frame '{}' of '{}' lies nowhere on the earth", frame.name,
                    frame.collection);
}

struct Stored {
  std::int64_t number;
  Box box;  // unrolled
};

std::optional<Stored> stored(SqliteConnection& db, const std::string& collection,
                             const std::string& name) {
  auto row = db.prepare(
      "SELECT number, west, south, east, north FROM terrazzo_frames "
      "WHERE collection = ? AND name = ?");
  row.bind(collection).bind(name);
  if (!row.step()) return {};
  return Stored{row.integer(0), unrolled(box_at(row, 1))};
}

bool touches(const Box& inner, const Box& outer) {
  return inner.west <= outer.west || inner.south <= outer.south ||
         inner.east >= outer.east || inner.north >= outer.north;
}

std::optional<Box> extent_of(SqliteConnection& db, const std::string& collection) {
  auto row = db.prepare(
      "SELECT west, south, east, north FROM terrazzo_collections WHERE name = ?");
  row.bind(collection);
  if (!row.step()) return {};
  return box_at(row, 0);
}

// After a frame was written where there was none, or one of that box.
void grow(SqliteConnection& db, const std::string& collection, const Box& box) {
  auto row = db.prepare(
      "INSERT INTO terrazzo_collections (name, frames, version, west, south, east, "
      "north) VALUES (?, 0, 0, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
      "west = iif(frames = 0, excluded.west, min(west, excluded.west)), "
      "south = iif(frames = 0, excluded.south, min(south, excluded.south)), "
      "east = iif(frames = 0, excluded.east, max(east, excluded.east)), "
      "north = iif(frames = 0, excluded.north, max(north, excluded.north))");
  row.bind(collection);
  bind_box(row, box);
  row.step();
}

// After a frame of that box was removed or moved.
void shrink(SqliteConnection& db, const std::string& collection, const Box& box) {
  const auto extent = extent_of(db, collection);
  if (!extent || !touches(box, *extent)) return;
  Box left{};
  {
    auto row = db.prepare(std::string{extents});
    row.bind(collection);
    row.step();
    if (row.is_null(0)) return;
    left = box_at(row, 0);
  }
  auto update = db.prepare(
      "UPDATE terrazzo_collections SET west = ?, south = ?, east = ?, north = ? "
      "WHERE name = ?");
  bind_box(update, left);
  update.bind(collection).step();
}

// Empty collections stay, for the products that were made of them.
void count(SqliteConnection& db, const std::string& collection, int change) {
  auto row = db.prepare(
      "UPDATE terrazzo_collections SET frames = frames + ?, version = version + 1 "
      "WHERE name = ?");
  row.bind(std::int64_t{change}).bind(collection).step();
}

void put_box(SqliteConnection& db, std::int64_t number, const Box& box) {
  auto row =
      db.prepare("INSERT OR REPLACE INTO terrazzo_frame_boxes VALUES (?, ?, ?, ?, ?)");
  row.bind(number).bind(box.west).bind(box.east).bind(box.south).bind(box.north).step();
}

std::int64_t put_row(SqliteConnection& db, const Frame& frame) {
  auto row = db.prepare(fmt::format(
      "INSERT INTO terrazzo_frames (collection, name, uri, generation, footprint, west, "
      "south, east, north, crs, attributes, time) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, {}) "
      "ON CONFLICT (collection, name) DO UPDATE SET uri = excluded.uri, "
      "generation = excluded.generation, footprint = excluded.footprint, "
      "west = excluded.west, south = excluded.south, east = excluded.east, "
      "north = excluded.north, crs = excluded.crs, attributes = excluded.attributes, "
      "time = excluded.time RETURNING number",
      frame.time ? "?" : "NULL"));
  row.bind(frame.collection).bind(frame.name).bind(frame.uri).bind(frame.generation);
  row.bind(json_text(geojson(frame.footprint)));
  bind_box(row, frame.bounds);
  row.bind(frame.crs).bind(json_text(frame.attributes));
  if (frame.time) row.bind(ticks(*frame.time));
  row.step();
  const auto number = row.integer(0);
  while (row.step()) {
  }
  return number;
}

Frame frame_of(const SqliteStatement& row) {
  Frame frame{.collection = row.text(0),
              .name = row.text(1),
              .uri = row.text(2),
              .generation = row.text(3),
              .footprint = polygon_of(row.text(4)),
              .bounds = box_at(row, 5),
              .crs = row.text(9)};
  frame.attributes = json_of(row.text(10));
  if (!row.is_null(11)) frame.time = time_of_ticks(row.integer(11));
  return frame;
}

}  // namespace

Collection collection_of(const SqliteStatement& row) {
  return {row.text(0), static_cast<std::uint64_t>(row.integer(1)), box_at(row, 2),
          static_cast<std::uint64_t>(row.integer(6))};
}

namespace {

class SqliteFrames final : public Frames {
 public:
  SqliteFrames(const std::string& path, const OpenOptions& options)
      : pool_(path, options) {}

  std::vector<Frame> find(const FrameQuery& query, const Context& context) const override;
  std::vector<Collection> collections() const override;
  std::vector<Time> times(const std::string& collection) const override;

 private:
  SqlitePool pool_;
};

std::string find_sql(const FrameQuery& query) {
  std::string sql =
      "SELECT f.collection, f.name, f.uri, f.generation, f.footprint, f.west, f.south, "
      "f.east, f.north, f.crs, f.attributes, f.time FROM terrazzo_frames f";
  std::string word = " WHERE ";
  const auto add = [&](std::string_view condition) {
    sql.append(word).append(condition);
    word = " AND ";
  };
  if (query.bounds)
    add("f.number IN (SELECT number FROM terrazzo_frame_boxes b WHERE b.west <= ? AND "
        "b.east >= ? AND b.south <= ? AND b.north >= ?)");
  if (!query.collection.empty()) add("f.collection = ?");
  if (query.since) add("f.time >= ?");
  if (query.before) add("f.time < ?");
  sql += " ORDER BY f.collection, f.name";
  if (query.limit) sql += " LIMIT ?";
  return sql;
}

std::vector<Frame> SqliteFrames::find(const FrameQuery& query,
                                      const Context& context) const {
  const auto reader = pool_.reader(&context);
  std::vector<Frame> frames;
  if (!reader->has_table("terrazzo_frames")) return frames;
  auto rows = reader->prepare(find_sql(query));
  if (query.bounds) {
    const Box box = unrolled(*query.bounds);
    rows.bind(box.east).bind(box.west).bind(box.north).bind(box.south);
  }
  if (!query.collection.empty()) rows.bind(query.collection);
  if (query.since) rows.bind(ticks(*query.since));
  if (query.before) rows.bind(ticks(*query.before));
  if (query.limit) rows.bind(static_cast<std::int64_t>(*query.limit));
  while (rows.step()) frames.push_back(frame_of(rows));
  return frames;
}

std::vector<Collection> SqliteFrames::collections() const {
  const auto reader = pool_.reader();
  std::vector<Collection> collections;
  if (!reader->has_table("terrazzo_collections")) return collections;
  auto rows = reader->prepare(
      "SELECT name, frames, west, south, east, north, version FROM "
      "terrazzo_collections WHERE frames > 0 ORDER BY name");
  while (rows.step()) collections.push_back(collection_of(rows));
  return collections;
}

std::vector<Time> SqliteFrames::times(const std::string& collection) const {
  const auto reader = pool_.reader();
  std::vector<Time> times;
  if (!reader->has_table("terrazzo_frames")) return times;
  auto rows = reader->prepare(
      "SELECT DISTINCT time FROM terrazzo_frames WHERE collection = ? AND "
      "time IS NOT NULL ORDER BY time");
  rows.bind(collection);
  while (rows.step()) times.push_back(time_of_ticks(rows.integer(0)));
  return times;
}

}  // namespace

std::vector<std::string> frames_sql() {
  return {
      "CREATE TABLE IF NOT EXISTS terrazzo_frames (number INTEGER PRIMARY KEY, "
      "collection TEXT NOT NULL, name TEXT NOT NULL, uri TEXT NOT NULL, "
      "generation TEXT NOT NULL, footprint TEXT NOT NULL, west FLOAT NOT NULL, "
      "south FLOAT NOT NULL, east FLOAT NOT NULL, north FLOAT NOT NULL, "
      "crs TEXT NOT NULL, attributes TEXT NOT NULL, time INTEGER, "
      "UNIQUE (collection, name))",
      "CREATE INDEX IF NOT EXISTS terrazzo_frame_times ON terrazzo_frames "
      "(collection, time)",
      "CREATE VIRTUAL TABLE IF NOT EXISTS terrazzo_frame_boxes USING "
      "rtree(number, west, east, south, north)",
      "CREATE TABLE IF NOT EXISTS terrazzo_collections (name TEXT PRIMARY KEY, "
      "frames INTEGER NOT NULL, version INTEGER NOT NULL, west FLOAT, south FLOAT, east "
      "FLOAT, north FLOAT) "
      "WITHOUT ROWID",
  };
}

void put_frame(SqliteConnection& db, const Frame& frame) {
  check(frame);
  const auto old = stored(db, frame.collection, frame.name);
  const Box box = unrolled(frame.bounds);
  const auto number = put_row(db, frame);
  put_box(db, number, box);
  grow(db, frame.collection, box);
  count(db, frame.collection, old ? 0 : 1);
  if (old && old->box != box) shrink(db, frame.collection, old->box);
}

bool remove_frame(SqliteConnection& db, const std::string& collection,
                  const std::string& name) {
  const auto old = stored(db, collection, name);
  if (!old) return false;
  for (const char* sql : {"DELETE FROM terrazzo_frame_boxes WHERE number = ?",
                          "DELETE FROM terrazzo_frames WHERE number = ?"}) {
    auto row = db.prepare(sql);
    row.bind(old->number).step();
  }
  count(db, collection, -1);
  shrink(db, collection, old->box);
  return true;
}

std::unique_ptr<Frames> open_sqlite_frames(const std::string& uri,
                                           const OpenOptions& options) {
  return std::make_unique<SqliteFrames>(sqlite_path(uri), options);
}

}  // namespace terrazzo::catalog
