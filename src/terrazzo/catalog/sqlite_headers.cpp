#include <exception>

#include "terrazzo/base/log.hpp"
#include "terrazzo/catalog/headers.hpp"
#include "terrazzo/catalog/sqlite_file.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"

namespace terrazzo::catalog {
namespace {

constexpr std::size_t most_bytes = std::size_t{4} << 20U;
constexpr std::int64_t most_headers = 100'000;
constexpr int first_terracotta = 8;  // whose catalogues we write to

class SqliteHeaders final : public io::HeaderStore {
 public:
  SqliteHeaders(const std::string& path, const OpenOptions& options)
      : pool_(path, options) {}

  std::optional<std::vector<std::byte>> find(const std::string& uri) noexcept override {
    std::optional<std::vector<std::byte>> found;
    tried([&] {
      const auto reader = pool_.reader();
      if (!reader->has_table("terrazzo_headers")) return;
      auto row = reader->prepare("SELECT header FROM terrazzo_headers WHERE uri = ?");
      row.bind(uri);
      if (!row.step()) return;
      const std::string text = row.text(0);
      const auto bytes = std::as_bytes(std::span{text});
      found.emplace(bytes.begin(), bytes.end());
    });
    return found;
  }

  void keep(const std::string& uri, std::span<const std::byte> header) noexcept override {
    if (header.size() > most_bytes) return;
    tried([&] {
      if (!pool_.writable() || pool_.schema().minor < first_terracotta) return;
      const SqlitePool::Writer writer{pool_};
      SqliteTransaction transaction{*writer};
      put(*writer, uri, header);
      transaction.commit();
    });
  }

 private:
  static void put(SqliteConnection& db, const std::string& uri,
                  std::span<const std::byte> header) {
    if (!db.has_table("terrazzo_headers"))
      db.run(
          "CREATE TABLE terrazzo_headers (number INTEGER PRIMARY KEY, "
          "uri TEXT NOT NULL UNIQUE, header BLOB NOT NULL)");
    auto row =
        db.prepare("INSERT OR REPLACE INTO terrazzo_headers (uri, header) VALUES (?, ?)");
    row.bind(uri);
    row.bind_blob({reinterpret_cast<const char*>(header.data()), header.size()});
    row.step();
    auto old = db.prepare(
        "DELETE FROM terrazzo_headers WHERE number <= "
        "(SELECT max(number) FROM terrazzo_headers) - ?");
    old.bind(most_headers);
    old.step();
  }

  template <class Work>
  static void tried(const Work& work) noexcept {
    try {
      work();
    } catch (const std::exception& error) {
      log::debug("headers of the catalogue are not used", {{"reason", error.what()}});
    }
  }

  SqlitePool pool_;
};

}  // namespace

std::shared_ptr<io::HeaderStore> open_headers(const std::string& uri,
                                              const OpenOptions& options) {
  if (!find_kind(catalog_kinds(), "sqlite").opens(uri)) return nullptr;
  return std::make_shared<SqliteHeaders>(sqlite_path(uri), options);
}

}  // namespace terrazzo::catalog
