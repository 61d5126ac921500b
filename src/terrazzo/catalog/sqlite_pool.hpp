#pragma once
// The connections of one SQLite file: one that writes, any number that read.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/sqlite_connection.hpp"
#include "terrazzo/catalog/sqlite_schema.hpp"

namespace terrazzo::catalog {

// Safe from any thread. At most 16 idle readers are kept.
class SqlitePool {
 public:
  // Throws as read_schema() and SqliteConnection.
  SqlitePool(std::string path, const OpenOptions& options);

  // A connection of one's own until it goes out of scope.
  class Reader {
   public:
    Reader(const SqlitePool& pool, std::unique_ptr<SqliteConnection> connection,
           std::uint64_t generation);
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
    SqlitePool& pool_;
    std::unique_lock<std::mutex> lock_;
  };

  Reader reader() const;
  const SqliteSchema& schema() const { return schema_; }
  bool writable() const { return writable_; }

  // Another number after any write by anybody, and after the file was replaced by
  // another one; readers then use the new file.
  // Throws corrupt_data: the new one is no catalogue with the same keys.
  std::uint64_t change_counter() const;

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
  void follow_replacement() const;

  std::string path_;
  OpenOptions options_;
  SqliteSchema schema_;
  bool writable_ = false;

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
