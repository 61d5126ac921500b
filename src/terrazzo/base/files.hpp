#pragma once
// Local files: read whole, found by pattern, written so that nobody sees half of one.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/error.hpp"

namespace terrazzo {

// The error for an errno of a call on this file. message() holds the file's name without
// its folder, the note all of it. `doing`: "read", "written", …: "'a.tif' cannot be read:
// permission denied".
//   not_found    no such file or folder          denied       permission, read-only disk
//   conflict     it exists already               unavailable  disk full, quota, I/O
//   error, invalid_input  a folder, a bad name                       too many open files
//   too_large    over the size a file may have   internal     anything else
Error file_failure(int error_number, std::string_view doing,
                   const std::filesystem::path& path);

// Throws as file_failure; too_large: it has more than max_bytes.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes);

// The files that a pattern of glob(3) finds, sorted; a backslash is itself. Folders that
// may not be read are passed over.
std::vector<std::filesystem::path> files_like(const std::string& glob);

// A file that appears under its name only when it is whole. It is written under another
// name in the same folder (".scene.<process>.<number>.tmp.tif"), by write() or by anybody
// who is given path(), and moved into place by commit().
//
// One thread at a time; any number of them, in any number of processes, for one target.
class AsideFile {
 public:
  enum class IfExists { replace, refuse };

  // Makes the empty file.
  // Throws as file_failure; conflict: the target exists and is not to be replaced.
  explicit AsideFile(std::filesystem::path target,
                     IfExists if_exists = IfExists::replace);

  // Removes the file if it was not committed.
  ~AsideFile();
  AsideFile(const AsideFile&) = delete;
  AsideFile& operator=(const AsideFile&) = delete;

  // Where to write until commit().
  const std::filesystem::path& path() const noexcept { return path_; }

  // Appends. Throws as file_failure; unavailable: the disk is full.
  void write(std::string_view bytes);

  // Once. Everything is on the disk when it returns; after an error the target is as it
  // was, unless only the sync of its folder failed.
  // Throws as file_failure; conflict: somebody else made the target meanwhile.
  void commit();

 private:
  void put_in_place();

  std::filesystem::path target_;
  std::filesystem::path path_;
  IfExists if_exists_;
  int descriptor_ = -1;
};

}  // namespace terrazzo
