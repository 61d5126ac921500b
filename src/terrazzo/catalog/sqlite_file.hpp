#pragma once
// Where a catalogue in SQLite lies, and how a new one comes to lie there.

#include <string>

namespace terrazzo::catalog {

// The path in "path" or "sqlite:///path" (four slashes for an absolute one).
// Throws invalid_input: another sqlite: URI, or nothing.
std::string sqlite_path(const std::string& uri);

// An empty file beside `path` that becomes `path` all at once, or goes away.
class NewSqliteFile {
 public:
  // Throws conflict: `path` exists. not_found: its folder does not. denied: the folder
  // may not be written. unavailable: anything else.
  explicit NewSqliteFile(std::string path);
  ~NewSqliteFile();
  NewSqliteFile(const NewSqliteFile&) = delete;
  NewSqliteFile& operator=(const NewSqliteFile&) = delete;

  const std::string& scratch() const { return scratch_; }
  // Throws as the constructor.
  void publish();

 private:
  std::string path_;
  std::string scratch_;
};

}  // namespace terrazzo::catalog
