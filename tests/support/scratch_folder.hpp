#pragma once
// A folder of one's own that goes away with everything in it.

#include <filesystem>
#include <string>

#include <stdlib.h>
#include <unistd.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::testing {

class ScratchFolder {
 public:
  ScratchFolder() : path_(parent() / "terrazzo-XXXXXX") {
    if (::mkdtemp(path_.data()) == nullptr)
      throw failure(ErrorKind::unavailable, "no scratch folder can be made");
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string operator/(const std::string& name) const { return path_ + '/' + name; }
  const std::string& path() const { return path_; }

 private:
  // In memory where there is such a place: tests of databases wait for the disk a lot.
  static std::filesystem::path parent() {
    const char* memory = "/dev/shm";
    return ::access(memory, W_OK | X_OK) == 0 ? std::filesystem::path{memory}
                                              : std::filesystem::temp_directory_path();
  }

  std::string path_;
};

}  // namespace terrazzo::testing
