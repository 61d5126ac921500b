#pragma once
// Connections to a database on a server: at most 16, which come and go with it.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "terrazzo/catalog/sql_pool.hpp"

namespace terrazzo::catalog {

class ServerConnection : public SqlConnection {
 public:
  // What the last failure tells of another try: nothing; it may work, by this connection;
  // it may work, but by another one.
  enum class Trouble { none, again, lost };
  virtual Trouble trouble() const = 0;

  // From now on statements end when the context says so; null: they take their time. The
  // context must live until the next call.
  virtual void end_with(const Context* context) = 0;
};

// As much of SqlDialect as databases on servers have in common.
class ServerDialect : public SqlDialect {
 public:
  SqlBands bands(SqlConnection& db) const override;
  void add_bands(SqlConnection& db, const SqlSchema& schema) const override;

 private:
  mutable std::atomic<bool> has_column_ = false;  // which nobody takes away
};

// One database on a server. Safe from any thread.
class DatabaseServer {
 public:
  virtual ~DatabaseServer() = default;

  virtual const std::string& name() const = 0;  // of the database, for messages
  virtual const SqlDialect& dialect() const = 0;
  // Throws unavailable: nobody answers, or is not ready. denied: user or password are
  // wrong. not_found: no such database. invalid_input: the URL.
  virtual std::unique_ptr<ServerConnection> connect(const Context* context) const = 0;

  virtual bool has_footprints(SqlConnection& db) const = 0;
  virtual bool may_write(SqlConnection& db) const = 0;
  // Adds what tables of Terracotta lack of ours; does nothing if all is there. Throws
  // denied.
  virtual void complete(SqlConnection& db, const SqlSchema& schema) const = 0;
  // Begins a transaction that writes.
  virtual void begin(SqlConnection& db) const { db.run("BEGIN"); }
  // One number that another state of the tables changes, if they have no
  // terrazzo_changes.
  virtual SqlQuery roughly_changed() const = 0;
};

class ServerPool final : public SqlPool {
 public:
  // Throws as DatabaseServer::connect() and read_schema().
  ServerPool(std::unique_ptr<DatabaseServer> server, const OpenOptions& options);

  const SqlSchema& schema() const override { return schema_; }
  bool writable() const override { return writable_; }
  std::uint64_t change_counter() const override;

  // Where the server goes away and comes back within a second or two, and where it
  // refuses a transaction because of others, nobody notices.
  void read(const Context* context, const Work& work) const override;
  void write(const Work& work) override;

 private:
  using Trouble = ServerConnection::Trouble;
  class Lease;

  void check_schema(ServerConnection& db) const;
  void give_back(std::unique_ptr<ServerConnection> connection) const;
  void complete(ServerConnection& db);

  std::unique_ptr<DatabaseServer> server_;
  OpenOptions options_;
  SqlSchema schema_;
  bool writable_ = false;
  std::atomic<bool> is_complete_ = false;
  mutable std::atomic<bool> counts_changes_ = false;  // terrazzo_changes is there

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable_any returned_;
  mutable std::vector<std::unique_ptr<ServerConnection>> idle_;
  mutable int connections_ = 0;  // idle and lent
};

}  // namespace terrazzo::catalog
