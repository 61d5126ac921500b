#include "terrazzo/jobs/database.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace terrazzo::jobs {
namespace {

namespace fs = std::filesystem;

// The file behind "path" or "sqlite:///path".
std::optional<fs::path> file_of(std::string_view uri) {
  constexpr std::string_view prefix = "sqlite:///";
  if (uri.starts_with(prefix)) return fs::path{uri.substr(prefix.size())};
  if (uri.find("://") != std::string_view::npos) return std::nullopt;
  return fs::path{uri};
}

void check_folder(const fs::path& file) {
  if (fs::is_directory(file))
    throw invalid("'{}' is a folder, not a database", file.string());
  const fs::path folder = fs::absolute(file).parent_path();
  if (!fs::is_directory(folder))
    throw failure(ErrorKind::not_found, "there is no folder '{}' for the database",
                  folder.string());
  if (::access(folder.c_str(), W_OK) != 0)
    throw failure(ErrorKind::denied, "the folder '{}' cannot be written",
                  folder.string());
}

// What SQLite keeps beside a database belongs to that database only.
void remove_companions(const fs::path& file) {
  std::error_code ignored;
  for (const char* suffix : {"-journal", "-wal", "-shm"})
    fs::remove(fs::path{file.string() + suffix}, ignored);
}

std::vector<std::string> names_of(const catalog::Catalog& catalog) {
  std::vector<std::string> names;
  for (const catalog::KeyName& key : catalog.key_names()) names.push_back(key.name);
  return names;
}

}  // namespace

Database::Database(std::string uri, std::vector<std::string> names, Mode mode)
    : uri_(std::move(uri)), names_(std::move(names)), mode_(mode), file_(file_of(uri_)) {
  if (mode_ == Mode::replace && !file_)
    throw failure(ErrorKind::unsupported, "only a database in a file can be replaced");
  if (!file_) return;
  const bool exists = fs::exists(*file_) && !fs::is_directory(*file_);
  if (exists && mode_ == Mode::only_new)
    throw failure(ErrorKind::conflict, "the database '{}' exists (use --overwrite)",
                  file_->string());
  if (exists && mode_ == Mode::append)
    open();
  else
    check_folder(*file_);
}

void Database::open() {
  catalog_ = catalog::open_catalog(uri_);
  if (!catalog_->writable())
    throw failure(ErrorKind::denied, "the database '{}' cannot be written", uri_);
  auto there = names_of(*catalog_);
  if (!std::ranges::is_permutation(there, names_))
    throw invalid(
        "incompatible key names: the database has ({}), not ({}); nothing was inserted",
        fmt::join(there, ", "), fmt::join(names_, ", "));
  names_ = std::move(there);
}

// Several processes may want the same new database at the same time: one makes it.
void Database::create() {
  std::vector<catalog::KeyName> keys;
  for (const std::string& name : names_) keys.push_back({name, ""});
  if (mode_ == Mode::replace) {
    const auto file = aside_.emplace(fs::absolute(*file_)).file("sqlite").string();
    catalog::create_catalog(file, keys);
    catalog_ = catalog::open_catalog(file);
    return;
  }
  try {
    catalog::create_catalog(uri_, keys);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::conflict || mode_ == Mode::only_new) throw;
  }
  const auto names = names_;
  open();
  if (names != names_)  // records are in the order that this job was told
    throw failure(ErrorKind::conflict,
                  "another process made the database with the keys in another order");
}

catalog::Catalog& Database::writable() {
  if (!catalog_) create();
  return *catalog_;
}

void Database::finish() {
  if (!aside_) return;
  catalog_.reset();
  remove_companions(*file_);
  aside_->publish(aside_->file("sqlite"), true);
  aside_.reset();
}

}  // namespace terrazzo::jobs
