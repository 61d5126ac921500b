#include "terrazzo/catalog/sqlite_pool.hpp"

#include <filesystem>

#include <sys/stat.h>

namespace terrazzo::catalog {
namespace {

constexpr std::size_t idle_readers = 16;

std::string label_of(const std::string& path) {
  const std::filesystem::path whole{path};
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

void check_there(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_regular_file(status)) return;
  using enum ErrorKind;
  const std::string label = label_of(path);
  Error error = ignored == std::errc::permission_denied
                    ? failure(denied, "the catalogue '{}' may not be read", label)
                : std::filesystem::is_directory(status)
                    ? invalid("'{}' is a folder, not a catalogue", label)
                : std::filesystem::exists(status)
                    ? failure(corrupt_data, "'{}' is not a catalogue: no file", label)
                    : failure(not_found, "there is no catalogue '{}'", label);
  error.note("opening {}", path);
  throw error;
}

// Of a catalogue that was there: it may come back, so its absence is nobody's mistake.
void check_still_there(const std::string& path) {
  try {
    check_there(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found) throw;
    Error gone =
        failure(ErrorKind::unavailable, "the catalogue '{}' is gone", label_of(path));
    gone.note("opening {}", path);
    throw gone;
  }
}

}  // namespace

SqlitePool::SqlitePool(std::string path, const OpenOptions& options)
    : path_(std::move(path)), options_(options) {
  check_there(path_);
  file_ = file_id();
  watcher_ = opened();
  try {
    schema_ = read_sqlite_schema(*watcher_, label_of(path_));
  } catch (Error& error) {
    error.note("opening {}", path_);
    throw;
  }
  writable_ = !options.read_only && !watcher_->read_only() && schema_.minor >= 8;
}

std::unique_ptr<SqliteConnection> SqlitePool::opened() const {
  return std::make_unique<SqliteConnection>(path_, options_.read_only,
                                            options_.timeout_seconds);
}

SqlitePool::FileId SqlitePool::file_id() const {
  struct stat status{};
  if (::stat(path_.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

void SqlitePool::read(const Context* context, const Work& work) const {
  const Reader connection = reader(context);
  work(*connection);
}

void SqlitePool::write(const Work& work) {
  const Writer connection{*this};
  SqliteTransaction transaction{*connection};
  work(*connection);
  transaction.commit();
}

SqlitePool::Reader SqlitePool::reader(const Context* context) const {
  std::unique_ptr<SqliteConnection> connection;
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{reading_};
    follow_file();
    generation = generation_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) {
    check_still_there(path_);
    connection = opened();
  }
  check_schema(*connection);
  return {*this, std::move(connection), generation, context};
}

void SqlitePool::give_back(std::unique_ptr<SqliteConnection> connection,
                           std::uint64_t generation) const {
  const std::scoped_lock lock{reading_};
  if (generation == generation_ && idle_.size() < idle_readers)
    idle_.push_back(std::move(connection));
}

std::uint64_t SqlitePool::change_counter() const {
  const std::scoped_lock lock{reading_};
  follow_file();
  auto row = watcher_->prepare("PRAGMA data_version");
  row.step();
  return (generation_ << 32) + static_cast<std::uint64_t>(row.integer(0));
}

// The path may name another file by now. Under the lock.
void SqlitePool::follow_file() const {
  const FileId now = file_id();
  if (now == file_ || now == FileId{}) return;
  auto fresh = opened();
  need_same_keys(*fresh);
  watcher_ = std::move(fresh);
  idle_.clear();
  ++generation_;
  file_ = now;
}

// The file may have got other tables by now.
void SqlitePool::check_schema(SqliteConnection& db) const {
  std::int64_t version = 0;
  {
    auto row = db.prepare("PRAGMA schema_version");
    row.step();
    version = row.integer(0);
  }
  if (version == schema_version_) return;
  need_same_keys(db);
  schema_version_ = version;
}

void SqlitePool::need_same_keys(SqliteConnection& db) const {
  if (!schema_.fits(read_sqlite_schema(db, label_of(path_))))
    throw failure(ErrorKind::unavailable,
                  "the catalogue '{}' was replaced by one with other keys; it has to be "
                  "opened again (restart the server)",
                  label_of(path_));
}

SqlitePool::Reader::Reader(const SqlitePool& pool,
                           std::unique_ptr<SqliteConnection> connection,
                           std::uint64_t generation, const Context* context)
    : pool_(pool), connection_(std::move(connection)), generation_(generation) {
  connection_->end_with(context);
}

SqlitePool::Reader::~Reader() {
  connection_->end_with(nullptr);
  pool_.give_back(std::move(connection_), generation_);
}

SqlitePool::Writer::Writer(SqlitePool& pool) : pool_(pool), lock_(pool.writing_) {
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{pool.reading_};
    pool.follow_file();
    generation = pool.generation_;
  }
  if (!pool.writer_ || pool.writer_generation_ != generation) open(generation);
  pool.check_schema(*pool.writer_);
}

void SqlitePool::Writer::open(std::uint64_t generation) {
  check_still_there(pool_.path_);
  pool_.writer_ = pool_.opened();
  pool_.writer_->use_write_ahead_log();
  // Large batches: 64 MB of pages before any spill, undo of single statements in memory.
  pool_.writer_->run("PRAGMA cache_size = -65536");
  pool_.writer_->run("PRAGMA temp_store = MEMORY");
  pool_.writer_generation_ = generation;
}

}  // namespace terrazzo::catalog
