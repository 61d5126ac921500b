#pragma once
// Local files: read whole, found by pattern. aside.hpp writes them.

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

// The files that a pattern of glob(3) finds, sorted; a backslash is itself. A folder that
// cannot be read is logged as a warning and passed over.
// Throws as file_failure: nothing is found, and there is such a folder.
std::vector<std::filesystem::path> files_like(const std::string& glob);

}  // namespace terrazzo
