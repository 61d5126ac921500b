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
// Throws invalid_input: the pattern is wrong or names no key; no file matches; two
// files have the same keys.
KeyedFiles find_keyed(const std::string& pattern);

}  // namespace terrazzo::jobs
