#pragma once

#include <filesystem>

namespace terrazzo::app {

// A new folder under the system's temporary one; it goes, with all in it, when this does.
class TemporaryFolder {
 public:
  // Throws denied: it cannot be made.
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace terrazzo::app
