#pragma once
// Which files a pattern with keys means.

#include <filesystem>
#include <string>
#include <vector>

#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::jobs {

// A file whose path tells its keys.
struct KeyedFile {
  std::filesystem::path path;  // absolute
  catalog::Keys keys;          // in the order of KeyedFiles::names
};

struct KeyedFiles {
  std::vector<std::string> names;
  std::vector<KeyedFile> files;  // sorted by path
};

// Files whose whole absolute path matches the pattern "/data/{sensor}_{date}.tif"; see
// Pattern for its language. A relative pattern starts at the working directory.
//
// Files whose names are not UTF-8 cannot be catalogued: they are left out, with a warning
// in the log that counts them.
//
// Throws invalid_input: the pattern is wrong or names no key; two files have the same
// keys. not_found: no file matches. As files_like(): nothing can be listed.
KeyedFiles find_keyed(const std::string& pattern);

}  // namespace terrazzo::jobs
