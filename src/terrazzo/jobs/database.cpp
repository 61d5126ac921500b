#include "terrazzo/jobs/database.hpp"

#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "terrazzo/catalog/rules.hpp"

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

// Throws if no database can be made in the place of this file.
void check_place(const fs::path& file) {
  std::error_code ignored;
  if (fs::is_directory(file, ignored))
    throw invalid("'{}' is a folder, not a catalogue", file.string());
  const fs::path folder = fs::absolute(file).parent_path();
  std::error_code error;
  if (!fs::is_directory(folder, error) && error != std::errc::permission_denied)
    throw failure(ErrorKind::not_found, "there is no folder '{}' for the database",
                  folder.string());
  if (::access(folder.c_str(), W_OK) != 0)
    throw failure(ErrorKind::denied, "the folder '{}' cannot be written",
                  folder.string());
  if (fs::exists(file, ignored) && ::access(file.c_str(), W_OK) != 0)
    throw failure(ErrorKind::denied, "the database '{}' cannot be written",
                  file.string());
}

std::vector<catalog::KeyName> keys_of(const std::vector<std::string>& names) {
  std::vector<catalog::KeyName> keys;
  for (const std::string& name : names) keys.push_back({name, ""});
  return keys;
}

std::vector<std::string> names_of(const catalog::Catalog& catalog) {
  std::vector<std::string> names;
  for (const catalog::KeyName& key : catalog.key_names()) names.push_back(key.name);
  return names;
}

}  // namespace

Database::Database(std::string uri, std::vector<std::string> names, Mode mode)
    : uri_(std::move(uri)), names_(std::move(names)), mode_(mode), file_(file_of(uri_)) {
  if (!file_) {
    look_at_server();
    return;
  }
  if (file_->empty())
    throw invalid("'output' is '{}'; it is the path or URL of a database", uri_);
  std::error_code ignored;
  const bool exists = fs::exists(*file_, ignored);
  if (exists && mode_ == Mode::append) {
    open();
    return;
  }
  check_place(*file_);
  if (exists && mode_ == Mode::only_new)
    throw failure(ErrorKind::conflict,
                  "the database '{}' exists; choose another name, add to it with ingest "
                  "without --only-new, or replace it with --overwrite",
                  file_->string());
  catalog::check_key_names(keys_of(names_));
}

void Database::look_at_server() {
  try {
    open();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::not_found) throw;
    catalog::check_key_names(keys_of(names_));
    if (mode_ == Mode::replace) mode_ = Mode::append;  // there is nothing yet
    return;
  }
  if (mode_ == Mode::replace) catalog_.reset();
  if (mode_ == Mode::only_new)
    throw failure(ErrorKind::conflict, "the database '{}' holds a catalogue",
                  catalog::shown_uri(uri_));
}

void Database::open() {
  catalog_ = catalog::open_catalog(uri_);
  if (!catalog_->writable())
    throw failure(ErrorKind::denied, "the database '{}' cannot be written",
                  catalog::shown_uri(uri_));
  auto there = names_of(*catalog_);
  if (!std::ranges::is_permutation(there, names_))
    throw invalid(
        "incompatible key names: the database has ({}), not ({}); nothing was inserted",
        fmt::join(there, ", "), fmt::join(names_, ", "));
  names_ = std::move(there);
}

// Several processes may want the same new database at the same time: one makes it.
void Database::create() {
  const auto keys = keys_of(names_);
  if (mode_ == Mode::replace) {
    const fs::path place =
        file_ ? fs::absolute(*file_) : fs::temp_directory_path() / "terrazzo-catalogue";
    const auto file = aside_.emplace(place).file("sqlite").string();
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
  const auto file = aside_->file("sqlite");
  if (!catalog::replace_contents(uri_, file.string())) aside_->publish(file, true);
  aside_.reset();
}

}  // namespace terrazzo::jobs
