#include "terrazzo/catalog/sqlite_file.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::catalog {
namespace {

namespace fs = std::filesystem;

Error creation_failure(const std::string& path, int code) {
  const std::string label = fs::path(path).filename();
  const auto error = [&]() -> Error {
    switch (code) {
      case EEXIST:
        return failure(ErrorKind::conflict, "the catalogue '{}' exists already", label);
      case ENOENT:
      case ENOTDIR:
        return failure(ErrorKind::not_found,
                       "the folder of the catalogue '{}' is not there", label);
      case EACCES:
      case EPERM:
      case EROFS:
        return failure(ErrorKind::denied, "the folder of the catalogue '{}' is read-only",
                       label);
      default:
        return failure(ErrorKind::unavailable, "the catalogue '{}' cannot be made: {}",
                       label, std::strerror(code));
    }
  };
  Error thrown = error();
  thrown.note("making {}", path);
  return thrown;
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

}  // namespace

std::string sqlite_path(const std::string& uri) {
  constexpr std::string_view prefix = "sqlite:///";
  std::string path = uri.starts_with(prefix) ? uri.substr(prefix.size()) : uri;
  if (path.empty() || path.starts_with("sqlite:"))
    throw invalid("'{}' does not name a catalogue; write a path or sqlite:///path", uri);
  return path;
}

NewSqliteFile::NewSqliteFile(std::string path) : path_(std::move(path)) {
  if (exists(path_)) throw creation_failure(path_, EEXIST);
  scratch_ = path_ + ".XXXXXX";
  const int file = ::mkstemp(scratch_.data());
  if (file < 0) throw creation_failure(path_, errno);
  ::fchmod(file, 0644);
  ::close(file);
}

NewSqliteFile::~NewSqliteFile() {
  if (scratch_.empty()) return;
  for (const char* suffix : {"", "-journal"}) ::unlink((scratch_ + suffix).c_str());
}

void NewSqliteFile::publish() {
  if (::link(scratch_.c_str(), path_.c_str()) == 0) return;
  if (errno == EEXIST) throw creation_failure(path_, EEXIST);
  // A file system without hard links.
  if (exists(path_)) throw creation_failure(path_, EEXIST);
  if (::rename(scratch_.c_str(), path_.c_str()) != 0)
    throw creation_failure(path_, errno);
  scratch_.clear();
}

}  // namespace terrazzo::catalog
