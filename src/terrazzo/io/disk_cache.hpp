#pragma once
// Bytes of remote files in a folder: a second level behind memory that survives restarts.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::io {

// Chunks of files, each a file of its own in the folder: written aside and renamed, with
// a checksum, so that neither a crash nor another process makes one wrong. Any number of
// processes may share a folder. Safe from any thread.
class DiskCache {
 public:
  static constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;

  // The oldest chunks go when the folder has more than max_bytes; each process looks
  // after every sixteenth part of that it has written.
  // Throws invalid_input, denied: the folder cannot be made or written.
  DiskCache(std::filesystem::path folder, std::uint64_t max_bytes);

  // A chunk by its file's key and its number. Empty: it is not there, or damaged.
  std::optional<std::vector<std::byte>> find(const std::string& key,
                                             std::uint64_t chunk) const noexcept;
  // What cannot be written is not kept; the log says so once.
  void keep(const std::string& key, std::uint64_t chunk,
            std::span<const std::byte> bytes) noexcept;

 private:
  std::filesystem::path path_of(const std::string& key, std::uint64_t chunk) const;
  void write(const std::filesystem::path& path, std::span<const std::byte> head,
             std::span<const std::byte> bytes);
  void trim();

  const std::filesystem::path folder_;
  const std::uint64_t max_bytes_;
  std::atomic<std::uint64_t> written_{0};  // since the last trim()
  std::atomic<std::uint64_t> last_name_{0};
  std::atomic<bool> complained_{false};
  std::mutex trimming_;
};

// The same file, read through the cache. `uri` and the source's generation name it there:
// a source that cannot be pinned to its content is given back as it is.
std::shared_ptr<const ByteSource> cached(std::shared_ptr<const ByteSource> source,
                                         const std::string& uri,
                                         std::shared_ptr<DiskCache> cache);

}  // namespace terrazzo::io
