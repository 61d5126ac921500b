#pragma once
// The connections of one SQLite file: one that writes, any number that read.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sql_pool.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"
#include "terrazzo/catalog/sqlite_schema.hpp"

namespace terrazzo::catalog {

// Safe from any thread. At most 16 idle readers are kept.
class SqlitePool final : public SqlPool {
 public:
  // Throws as read_schema() and SqliteConnection.
  SqlitePool(std::string path, const OpenOptions& options);

  // A connection of one's own until it goes out of scope, as the writer one of the file
  // that is at the path when it is taken.
  class Reader {
   public:
    Reader(const SqlitePool& pool, std::unique_ptr<SqliteConnection> connection,
           std::uint64_t generation, const Context* context);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    SqliteConnection& operator*() const { return *connection_; }
    SqliteConnection* operator->() const { return connection_.get(); }

   private:
    const SqlitePool& pool_;
    std::unique_ptr<SqliteConnection> connection_;
    std::uint64_t generation_;
  };

  // The one connection that writes, with its lock. Waits for other threads.
  class Writer {
   public:
    explicit Writer(SqlitePool& pool);
    SqliteConnection& operator*() const { return *pool_.writer_; }
    SqliteConnection* operator->() const { return pool_.writer_.get(); }

   private:
    void open(std::uint64_t generation);

    SqlitePool& pool_;
    std::unique_lock<std::mutex> lock_;
  };

  // The context, if there is one, must outlive the reader. Throws corrupt_data: the file
  // has other keys, or is no catalogue, by now.
  Reader reader(const Context* context = nullptr) const;
  const SqlSchema& schema() const override { return schema_; }
  bool writable() const override { return writable_; }

  void read(const Context* context, const Work& work) const override;
  void write(const Work& work) override;

  // Another number after any write by anybody, and after the file was replaced by
  // another one. Throws as reader().
  std::uint64_t change_counter() const override;

 private:
  struct FileId {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool operator==(const FileId&) const = default;
  };

  std::unique_ptr<SqliteConnection> opened() const;
  FileId file_id() const;  // zeros if the file is away
  void give_back(std::unique_ptr<SqliteConnection> connection,
                 std::uint64_t generation) const;
  void follow_file() const;
  void check_schema(SqliteConnection& db) const;
  void need_same_keys(SqliteConnection& db) const;

  std::string path_;
  OpenOptions options_;
  SqlSchema schema_;
  bool writable_ = false;
  mutable std::atomic<std::int64_t> schema_version_ = -1;  // that was last looked at

  std::mutex writing_;
  std::unique_ptr<SqliteConnection> writer_;
  std::uint64_t writer_generation_ = 0;

  mutable std::mutex reading_;  // guards what follows
  mutable std::vector<std::unique_ptr<SqliteConnection>> idle_;
  mutable std::unique_ptr<SqliteConnection> watcher_;
  mutable FileId file_{};
  mutable std::uint64_t generation_ = 0;  // how often the file was replaced
};

}  // namespace terrazzo::catalog
