#pragma once
// SQLite as the catalogue uses it: connections, cached statements, transactions.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "terrazzo/base/context.hpp"
#include "terrazzo/catalog/sql_connection.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace terrazzo::catalog {

class SqliteConnection;

// One run of a prepared statement. Goes back to its connection when destroyed.
class SqliteStatement final : public SqlRows {
 public:
  SqliteStatement(SqliteConnection& owner, std::string sql, sqlite3_stmt* statement);
  ~SqliteStatement() override;
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  // Each sets the next parameter. NaN is stored as NULL.
  SqliteStatement& bind(std::string_view text);
  SqliteStatement& bind(double value);
  SqliteStatement& bind(std::int64_t value);
  SqliteStatement& bind_blob(std::string_view bytes);
  SqliteStatement& bind_all(const std::vector<SqlValue>& values);

  // True: a row is there to read. Throws as SqliteConnection.
  bool step();
  // The next run starts with the first parameter.
  void reset();

  bool next() override { return step(); }
  bool is_null(int column) const override;
  double number(int column) const override;
  std::int64_t integer(int column) const override;
  std::string text(int column) const override;

 private:
  void checked(int code);

  SqliteConnection& owner_;
  std::string sql_;
  sqlite3_stmt* statement_;
  int next_ = 1;
};

// Opening never makes nor changes a file.
class SqliteConnection final : public SqlConnection {
 public:
  // Where the file, or its folder, allows no writing the connection is read-only.
  SqliteConnection(const std::string& path, bool read_only, int timeout_seconds);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Compiled once for each text; at most 64 are kept.
  SqliteStatement prepare(std::string sql);

  std::unique_ptr<SqlRows> select(const SqlQuery& query) override;
  std::int64_t change(const SqlBatch& batch) override;
  void run(std::string sql) override { prepare(std::move(sql)).step(); }
  std::set<std::string> columns_of(std::string_view table) override;

  bool read_only() const;
  std::int64_t changed_rows() const;  // by the last statement
  bool has_table(std::string_view name);

  // Readers no longer wait for the writer. Does nothing where that cannot be had.
  void use_write_ahead_log();

  // From now on statements end when the context says so; null: they take their time. The
  // context must live until the next call.
  void end_with(const Context* context);

  // Everything in this database becomes what is in the other one, in one transaction.
  void copy_all_from(SqliteConnection& other);

 private:
  friend class SqliteStatement;
  struct Close {
    void operator()(sqlite3* db) const;
  };

  void open(const std::string& name, int flags);
  int probe();
  bool has_unfinished_writes() const;
  sqlite3_stmt* statement_of(const std::string& sql);
  void give_back(std::string sql, sqlite3_stmt* statement);
  [[noreturn]] void fail(int code, std::string_view sql) const;

  std::string path_;
  std::string label_;  // the file's name, for messages
  int timeout_ms_;
  const Context* context_ = nullptr;
  std::unique_ptr<sqlite3, Close> db_;
  std::unordered_map<std::string, sqlite3_stmt*> idle_;
};

// Takes the write lock at once, so that nothing inside can meet another writer.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteConnection& connection);
  ~SqliteTransaction();  // rolls back what was not committed
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  void commit();

 private:
  SqliteConnection& connection_;
  bool open_ = true;
};

}  // namespace terrazzo::catalog
