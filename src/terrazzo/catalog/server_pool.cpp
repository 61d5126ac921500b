#include "terrazzo/catalog/server_pool.hpp"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "terrazzo/base/log.hpp"

namespace terrazzo::catalog {
namespace {

using Clock = Context::Clock;
using std::chrono::milliseconds;

constexpr int most_connections = 16;
constexpr milliseconds first_pause{20};
constexpr milliseconds longest_pause{800};
constexpr milliseconds between_looks{20};

// Pauses between tries: none before the second, then longer and longer ones; of uneven
// lengths, so that those who met once do not meet again.
class Patience {
 public:
  explicit Patience(const OpenOptions& options)
      : end_(Clock::now() + std::chrono::seconds{std::max(options.timeout_seconds, 0)}) {}

  // False: it is at its end.
  bool wait(const Context* context) {
    if (pause_ > longest_pause) return false;
    const auto until = Clock::now() + uneven(pause_);
    if (until > end_ && pause_ > milliseconds{0}) return false;
    while (Clock::now() < until) {
      if (context != nullptr) context->check();
      std::this_thread::sleep_until(std::min(until, Clock::now() + between_looks));
    }
    pause_ = pause_ == milliseconds{0} ? first_pause : pause_ * 2;
    return true;
  }

 private:
  static milliseconds uneven(milliseconds pause) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const auto half = pause.count() / 2;
    return milliseconds{
        std::uniform_int_distribution<std::int64_t>{half, half * 3}(random)};
  }

  Clock::time_point end_;
  milliseconds pause_{0};
};

// Does the work until it succeeds, or fails in a way that another try would not mend. It
// sets the trouble of its connection; if it fails before there is one, that was it.
template <class Attempt>
void tried(const OpenOptions& options, const Context* context, const Attempt& attempt) {
  Patience patience{options};
  for (;;) {
    auto trouble = ServerConnection::Trouble::lost;
    try {
      attempt(trouble);
      return;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::unavailable ||
          trouble == ServerConnection::Trouble::none || !patience.wait(context))
        throw;
    }
  }
}

void roll_back(ServerConnection& db) {
  if (db.trouble() == ServerConnection::Trouble::lost) return;
  try {
    db.run("ROLLBACK");
  } catch (const Error&) {  // the server does it when the connection is closed
  }
}

}  // namespace

// A connection of one's own until it goes out of scope. Waits for one.
class ServerPool::Lease {
 public:
  Lease(const ServerPool& pool, const Context* context, Trouble& trouble)
      : pool_(pool), trouble_(trouble) {
    take(context);
    connection_->end_with(context);
    trouble_ = Trouble::none;
  }
  ~Lease() {
    trouble_ = connection_->trouble();
    connection_->end_with(nullptr);
    pool_.give_back(std::move(connection_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ServerConnection& operator*() const { return *connection_; }
  ServerConnection* operator->() const { return connection_.get(); }

 private:
  void take(const Context* context) {
    wait(context);
    if (connection_) return;
    try {
      connection_ = pool_.server_->connect(context);
      pool_.check_schema(*connection_);
    } catch (...) {
      if (connection_) trouble_ = connection_->trouble();
      pool_.give_back(nullptr);
      throw;
    }
  }

  // An idle connection, or the right to make one.
  void wait(const Context* context) {
    std::unique_lock lock{pool_.mutex_};
    auto until = Clock::now() + std::chrono::seconds{pool_.options_.timeout_seconds};
    if (context != nullptr) until = std::min(until, context->deadline);
    const bool there = pool_.returned_.wait_until(
        lock, context == nullptr ? std::stop_token{} : context->stop, until,
        [&] { return !pool_.idle_.empty() || pool_.connections_ < most_connections; });
    if (!there) {
      if (context != nullptr) context->check();
      trouble_ = Trouble::none;  // waiting again would not be better
      throw failure(ErrorKind::unavailable,
                    "all {} connections to the catalogue '{}' are in use; waited {} s",
                    most_connections, pool_.server_->name(),
                    pool_.options_.timeout_seconds);
    }
    if (pool_.idle_.empty()) {
      ++pool_.connections_;
      return;
    }
    connection_ = std::move(pool_.idle_.back());
    pool_.idle_.pop_back();
  }

  const ServerPool& pool_;
  Trouble& trouble_;
  std::unique_ptr<ServerConnection> connection_;
};

SqlBands ServerDialect::bands(SqlConnection& db) const {
  if (!has_column_) has_column_ = db.columns_of("datasets").contains("terrazzo_band");
  return has_column_ ? SqlBands::column : SqlBands::none;
}

void ServerDialect::add_bands(SqlConnection& /*db*/, const SqlSchema& /*schema*/) const {
  throw failure(
      ErrorKind::denied,
      "this catalogue, which Terracotta has made, has no place for bands other "
      "than 1, and the user may not add one: the owner of table 'datasets' can");
}

ServerPool::ServerPool(std::unique_ptr<DatabaseServer> server, const OpenOptions& options)
    : server_(std::move(server)), options_(options) {
  read(nullptr, [&](SqlConnection& db) {
    if (db.columns_of("terracotta").empty())
      throw failure(ErrorKind::not_found,
                    "there is no catalogue in the database '{}'; ingest makes one",
                    server_->name());
    schema_ = read_schema(db, server_->dialect(), server_->name());
    schema_.footprints = server_->has_footprints(db);
    counts_changes_ = !db.columns_of("terrazzo_changes").empty();
    writable_ = !options_.read_only && server_->may_write(db);
  });
}

// Of a new connection: the database may have got other tables by now.
void ServerPool::check_schema(ServerConnection& db) const {
  if (schema_.keys.empty()) return;  // it is the first one
  SqlSchema now = read_schema(db, server_->dialect(), server_->name());
  now.footprints = server_->has_footprints(db);
  if (!schema_.fits(now))
    throw failure(ErrorKind::unavailable,
                  "the catalogue '{}' was replaced by one with other keys; it has to be "
                  "opened again (restart the server)",
                  server_->name());
}

// Null: none was made. Where one was lost the idle ones were too.
void ServerPool::give_back(std::unique_ptr<ServerConnection> connection) const {
  const std::scoped_lock lock{mutex_};
  if (connection && connection->trouble() != Trouble::lost) {
    idle_.push_back(std::move(connection));
  } else {
    --connections_;
    if (connection) {
      connections_ -= static_cast<int>(idle_.size());
      idle_.clear();
    }
  }
  returned_.notify_all();
}

void ServerPool::read(const Context* context, const Work& work) const {
  tried(options_, context, [&](Trouble& trouble) {
    const Lease db{*this, context, trouble};
    work(*db);
  });
}

// Whether a COMMIT that got no answer was done is not known: it is not tried again.
void ServerPool::write(const Work& work) {
  tried(options_, nullptr, [&](Trouble& trouble) {
    bool committing = false;
    try {
      const Lease db{*this, nullptr, trouble};
      if (!is_complete_) complete(*db);
      server_->begin(*db);
      try {
        work(*db);
        committing = true;
        db->run("COMMIT");
      } catch (...) {
        roll_back(*db);
        throw;
      }
    } catch (...) {
      if (committing && trouble == Trouble::lost) trouble = Trouble::none;
      throw;
    }
  });
}

void ServerPool::complete(ServerConnection& db) {
  try {
    server_->complete(db, schema_);
    counts_changes_ = !db.columns_of("terrazzo_changes").empty();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::denied) throw;
    log::warning(
        "the tables of this catalogue could not be completed; changes by other "
        "programs may be seen late",
        {{"catalogue", server_->name()}, {"reason", error.message()}});
  }
  is_complete_ = true;
}

std::uint64_t ServerPool::change_counter() const {
  std::uint64_t counter = 0;
  read(nullptr, [&](SqlConnection& db) {
    const auto row =
        db.select(counts_changes_ ? SqlQuery{"SELECT sum(number) FROM terrazzo_changes"}
                                  : server_->roughly_changed());
    row->next();
    counter = static_cast<std::uint64_t>(row->integer(0));
  });
  return counter;
}

}  // namespace terrazzo::catalog
