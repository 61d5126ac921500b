#pragma once
// A copy of a remote file, in a folder of its own that goes away with it.

#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

#include "terrazzo/base/context.hpp"

namespace terrazzo::catalog {

// Safe from any thread.
class RemoteFileCopy {
 public:
  // Decides, of a new content, whether it shall take the place of the old one.
  using Accept = std::function<bool(const std::string& path)>;

  // Throws as io::open_bytes().
  RemoteFileCopy(std::string uri, std::chrono::seconds believed_for);
  ~RemoteFileCopy();
  RemoteFileCopy(const RemoteFileCopy&) = delete;
  RemoteFileCopy& operator=(const RemoteFileCopy&) = delete;

  // Always the same; what it names changes in one step.
  const std::string& path() const { return path_; }

  // Asks whether the content is still the same, if that has not been asked for a while,
  // and brings the new one. One thread does; others go on with what is there, and so do
  // all if the server does not answer.
  void refresh(const Accept& accept) const;

 private:
  void fetch(const Accept& accept) const;

  std::string uri_;
  std::chrono::seconds believed_for_;
  std::filesystem::path folder_;
  std::string path_;
  mutable std::mutex asking_;  // guards what follows
  mutable std::string generation_;
  mutable Context::Clock::time_point asked_{};
};

}  // namespace terrazzo::catalog
