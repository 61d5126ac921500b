#pragma once
// One connection to a PostgreSQL server.

#include <memory>
#include <string>

#include "terrazzo/base/context.hpp"
#include "terrazzo/catalog/database_url.hpp"
#include "terrazzo/catalog/server_pool.hpp"

struct pg_conn;
struct pg_result;

namespace terrazzo::catalog {

// A statement is sent with its values beside it, in one round trip; the rows of a batch
// go one after the other without waiting for their answers (libpq's pipeline).
class PostgresConnection final : public ServerConnection {
 public:
  // Throws as DatabaseServer::connect(); with a context also as that says.
  PostgresConnection(const ServerAddress& address, const Context* context);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  std::unique_ptr<SqlRows> select(const SqlQuery& query) override;
  std::int64_t change(const SqlBatch& batch) override;
  void run(std::string sql) override;
  std::set<std::string> columns_of(std::string_view table) override;

  Trouble trouble() const override { return trouble_; }
  void end_with(const Context* context) override { context_ = context; }

 private:
  struct Free {
    void operator()(pg_result* result) const;
  };
  using Result = std::unique_ptr<pg_result, Free>;
  struct Close {
    void operator()(pg_conn* db) const;
  };

  void connect(const ServerAddress& address);
  void set_up(const ServerAddress& address);
  void sent(int code, const std::string& sql);
  Result answer(const std::string& sql);
  void wait_for_bytes();
  bool wait_for_socket(bool reading, int milliseconds) const;
  void cancel();
  void send_rows(const SqlBatch& batch, const std::string& sql, std::size_t first,
                 std::size_t end);
  std::int64_t pipeline_answer(const std::string& sql);
  [[noreturn]] void fail(const pg_result* result, const std::string& sql);
  [[noreturn]] void fail_to_connect();

  std::string name_;  // of the database, for messages
  int timeout_seconds_;
  const Context* context_ = nullptr;
  Trouble trouble_ = Trouble::none;
  bool cancelled_ = false;
  std::unique_ptr<pg_conn, Close> db_;
};

}  // namespace terrazzo::catalog
