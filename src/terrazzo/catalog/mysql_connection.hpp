#pragma once
// One connection to a MariaDB or MySQL server.

#include <memory>
#include <string>

#include "terrazzo/base/context.hpp"
#include "terrazzo/catalog/database_url.hpp"
#include "terrazzo/catalog/server_pool.hpp"

struct st_mysql;

namespace terrazzo::catalog {

// Values stand in the text of a statement, as literals in a mode of SQL that knows but
// one sign to be doubled; many rows of a batch go at once.
class MysqlConnection final : public ServerConnection {
 public:
  // Throws as DatabaseServer::connect().
  explicit MysqlConnection(const ServerAddress& address);
  ~MysqlConnection() override;
  MysqlConnection(const MysqlConnection&) = delete;
  MysqlConnection& operator=(const MysqlConnection&) = delete;

  std::unique_ptr<SqlRows> select(const SqlQuery& query) override;
  std::int64_t change(const SqlBatch& batch) override;
  void run(std::string sql) override;
  std::set<std::string> columns_of(std::string_view table) override;

  Trouble trouble() const override { return trouble_; }
  void end_with(const Context* context) override { context_ = context; }

 private:
  struct Close {
    void operator()(st_mysql* db) const;
  };

  void connect();
  void answer(const std::string& sql);
  void wait_for_bytes();
  void cancel();
  [[noreturn]] void fail(std::string_view sql);

  ServerAddress address_;
  const Context* context_ = nullptr;
  Trouble trouble_ = Trouble::none;
  bool cancelled_ = false;
  std::unique_ptr<st_mysql, Close> db_;
};

}  // namespace terrazzo::catalog
