#include "terrazzo/catalog/sqlite_pool.hpp"

#include <filesystem>

#include <sys/stat.h>

namespace terrazzo::catalog {
namespace {

constexpr std::size_t idle_readers = 16;

std::string label_of(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

void check_there(const std::string& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_regular_file(status)) return;
  Error error =
      std::filesystem::exists(status)
          ? failure(ErrorKind::corrupt_data, "'{}' is not a catalogue: no file",
                    label_of(path))
          : failure(ErrorKind::not_found, "there is no catalogue '{}'", label_of(path));
  error.note("opening {}", path);
  throw error;
}

}  // namespace

SqlitePool::SqlitePool(std::string path, const OpenOptions& options)
    : path_(std::move(path)), options_(options) {
  check_there(path_);
  file_ = file_id();
  watcher_ = opened();
  try {
    schema_ = read_schema(*watcher_, label_of(path_));
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

SqlitePool::Reader SqlitePool::reader() const {
  std::unique_ptr<SqliteConnection> connection;
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{reading_};
    generation = generation_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!connection) {
    check_there(path_);
    connection = opened();
  }
  return {*this, std::move(connection), generation};
}

void SqlitePool::give_back(std::unique_ptr<SqliteConnection> connection,
                           std::uint64_t generation) const {
  const std::scoped_lock lock{reading_};
  if (generation == generation_ && idle_.size() < idle_readers)
    idle_.push_back(std::move(connection));
}

std::uint64_t SqlitePool::change_counter() const {
  const std::scoped_lock lock{reading_};
  if (const FileId now = file_id(); now != file_ && now != FileId{}) {
    follow_replacement();
    file_ = now;
  }
  auto row = watcher_->prepare("PRAGMA data_version");
  row.step();
  return (generation_ << 32) + static_cast<std::uint64_t>(row.integer(0));
}

void SqlitePool::follow_replacement() const {
  auto fresh = opened();
  if (read_schema(*fresh, label_of(path_)) != schema_)
    throw failure(ErrorKind::corrupt_data,
                  "'{}' was replaced by a catalogue with other keys; open it again",
                  label_of(path_));
  watcher_ = std::move(fresh);
  idle_.clear();
  ++generation_;
}

SqlitePool::Reader::Reader(const SqlitePool& pool,
                           std::unique_ptr<SqliteConnection> connection,
                           std::uint64_t generation)
    : pool_(pool), connection_(std::move(connection)), generation_(generation) {}

SqlitePool::Reader::~Reader() { pool_.give_back(std::move(connection_), generation_); }

SqlitePool::Writer::Writer(SqlitePool& pool) : pool_(pool), lock_(pool.writing_) {
  std::uint64_t generation = 0;
  {
    const std::scoped_lock lock{pool.reading_};
    generation = pool.generation_;
  }
  if (pool.writer_ && pool.writer_generation_ == generation) return;
  check_there(pool.path_);
  pool.writer_ = pool.opened();
  pool.writer_->use_write_ahead_log();
  // Large batches: 64 MB of pages before any spill, undo of single statements in memory.
  pool.writer_->run("PRAGMA cache_size = -65536");
  pool.writer_->run("PRAGMA temp_store = MEMORY");
  pool.writer_generation_ = generation;
}

}  // namespace terrazzo::catalog
