#include "terrazzo/base/log.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/remote_file.hpp"
#include "terrazzo/catalog/sqlite_pool.hpp"

namespace terrazzo::catalog {
namespace {

OpenOptions only_reading(OpenOptions options) {
  options.read_only = true;
  return options;
}

Error read_only() {
  return failure(
      ErrorKind::denied,
      "a catalogue on S3 or a web server is read-only; change it on a disk and "
      "put it there");
}

// The pool follows the file, as it does where somebody replaces one on a disk.
class RemoteSqlitePool final : public SqlPool {
 public:
  RemoteSqlitePool(const std::string& uri, const OpenOptions& options)
      : file_(uri, std::chrono::seconds{options.refresh_seconds}),
        pool_(file_.path(), only_reading(options)) {}

  const SqlSchema& schema() const override { return pool_.schema(); }
  bool writable() const override { return false; }
  std::uint64_t change_counter() const override {
    refresh();
    return pool_.change_counter();
  }
  void read(const Context* context, const Work& work) const override {
    refresh();
    pool_.read(context, work);
  }
  void write(const Work& /*work*/) override { throw read_only(); }

 private:
  void refresh() const {
    file_.refresh([&](const std::string& path) { return is_usable(path); });
  }

  bool is_usable(const std::string& path) const {
    try {
      const SqlitePool next{path, {.read_only = true}};
      if (schema().fits(next.schema())) return true;
      log::warning(
          "the new catalogue has other keys; the old one is served until the "
          "server is restarted",
          {{"keys", key_tuple(next.schema().keys)}});
    } catch (const Error& error) {
      log::warning("the new catalogue cannot be read; the old one is served",
                   {{"reason", error.what()}});
    }
    return false;
  }

  RemoteFileCopy file_;
  SqlitePool pool_;
};

bool opens(std::string_view uri) {
  return uri.starts_with("s3://") || uri.starts_with("http://") ||
         uri.starts_with("https://");
}

std::unique_ptr<SqlPool> pool(const std::string& uri, const OpenOptions& options) {
  return std::make_unique<RemoteSqlitePool>(uri, options);
}

void create(const std::string& /*uri*/, const std::vector<KeyName>& /*keys*/) {
  throw read_only();
}

bool replace(const std::string& /*uri*/, const std::string& /*from*/) {
  throw read_only();
}

std::vector<std::string> migration(int /*minor*/) { throw read_only(); }

}  // namespace

extern const CatalogKind catalog_sqlite_remote;
const CatalogKind catalog_sqlite_remote{
    .name = "sqlite-remote",
    .summary = "An SQLite file on S3 or a web server, which is copied and only read.",
    .opens = opens,
    .pool = pool,
    .create = create,
    .replace = replace,
    .migration = migration,
};

}  // namespace terrazzo::catalog
