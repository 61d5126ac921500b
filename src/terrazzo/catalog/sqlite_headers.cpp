#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>

#include "terrazzo/base/log.hpp"
#include "terrazzo/catalog/headers.hpp"
#include "terrazzo/catalog/sqlite_file.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"

namespace terrazzo::catalog {
namespace {

constexpr std::size_t most_bytes = std::size_t{4} << 20U;
constexpr std::size_t most_waiting = std::size_t{32} << 20U;  // bytes
constexpr std::int64_t most_headers = 100'000;
constexpr int first_terracotta = 8;  // whose catalogues we write to

// What is kept waits to be written with others: every commit makes all who have the
// catalogue open look at their records again.
class SqliteHeaders final : public io::HeaderStore {
 public:
  SqliteHeaders(const std::string& path, const OpenOptions& options,
                std::chrono::milliseconds written_every)
      : pool_(path, options),
        written_every_(written_every),
        thread_([this](const std::stop_token& stop) { keep_writing(stop); }) {}

  std::optional<std::vector<std::byte>> find(const std::string& uri) noexcept override {
    std::optional<std::vector<std::byte>> found;
    tried([&] {
      if ((found = waiting(uri))) return;
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
      const std::lock_guard lock{mutex_};
      if (waiting_bytes_ + header.size() > most_waiting) return;
      waiting_bytes_ += header.size();
      waiting_.insert_or_assign(uri, Header{header.begin(), header.end()});
      woken_.notify_one();
    });
  }

 private:
  using Header = std::vector<std::byte>;

  std::optional<Header> waiting(const std::string& uri) {
    const std::lock_guard lock{mutex_};
    const auto at = waiting_.find(uri);
    return at == waiting_.end() ? std::nullopt : std::optional{at->second};
  }

  void keep_writing(const std::stop_token& stop) {
    std::unique_lock lock{mutex_};
    while (woken_.wait(lock, stop, [&] { return !waiting_.empty(); })) {
      // Only a stop ends this early.
      woken_.wait_for(lock, stop, written_every_, [] { return false; });
      const auto batch = waiting_;
      lock.unlock();
      tried([&] { write(batch); });
      lock.lock();
      drop(batch);
    }
  }

  void write(const std::map<std::string, Header>& batch) {
    const SqlitePool::Writer writer{pool_};
    SqliteTransaction transaction{*writer};
    for (const auto& [uri, header] : batch) put(*writer, uri, header);
    transaction.commit();
  }

  // Those that came anew meanwhile go on to wait.
  void drop(const std::map<std::string, Header>& batch) {
    for (const auto& [uri, header] : batch)
      if (waiting_.at(uri) == header) waiting_.erase(uri);
    waiting_bytes_ = 0;
    for (const auto& [uri, header] : waiting_) waiting_bytes_ += header.size();
  }

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
  const std::chrono::milliseconds written_every_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::map<std::string, Header> waiting_;  // by URI
  std::size_t waiting_bytes_ = 0;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace

std::shared_ptr<io::HeaderStore> open_headers(const std::string& uri,
                                              const OpenOptions& options,
                                              std::chrono::milliseconds written_every) {
  if (!find_kind(catalog_kinds(), "sqlite").opens(uri)) return nullptr;
  return std::make_shared<SqliteHeaders>(sqlite_path(uri), options, written_every);
}

}  // namespace terrazzo::catalog
