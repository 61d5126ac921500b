#pragma once
// TIFFs that are open, by URI: each parsed once for as long as its content stays.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "terrazzo/base/cache.hpp"
#include "terrazzo/io/block_store.hpp"
#include "terrazzo/io/tiff_opener.hpp"

namespace terrazzo::io {

// Safe from any thread; no lock is held while bytes are read.
class TiffFiles {
 public:
  explicit TiffFiles(const TiffOptions& options);

  // The file as it is now; of a remote one, as it was found in the last minute, or as its
  // kept header says it was when somebody found it: reading blocks tells if that is past.
  // Throws unsupported: no TIFF, or as read_geotiff(); corrupt_data; as open_bytes().
  std::shared_ptr<const OpenTiff> open(const std::string& uri, const Context& context);

  // The same after a conflict: whatever was known of it is past.
  std::shared_ptr<const OpenTiff> open_anew(const std::string& uri,
                                            const Context& context);

  // As RasterOpener::generation(), of what open() would give; see tiff_opener().
  Generation generation(const std::string& uri, const Context& context);

 private:
  using Clock = std::chrono::steady_clock;
  using File = std::shared_ptr<const OpenTiff>;

  File open_remote(const std::string& uri, const Context& context);
  File open_kept(const std::string& uri, const Context& context);
  File open_now(const std::string& uri, const Context& context);
  File file_of(std::shared_ptr<const ByteSource> source, const std::string& uri,
               const Context& context);
  File parse(std::shared_ptr<const ByteSource> source, const std::string& uri,
             const Context& context);
  File opened(std::shared_ptr<const ByteSource> source, const std::string& uri,
              GeoTiff file);

  std::size_t bytes_of(const OpenTiff& tiff) const;  // as the cache counts them
  std::optional<Generation> seen(const std::string& uri);
  std::optional<Generation> believed(const std::string& uri);
  std::optional<Generation> believed_on(const std::string& uri);
  Generation believe(const std::string& uri, const std::string& text);
  File trusted(const std::string& uri);

  const std::shared_ptr<HeaderStore> headers_;
  const std::shared_ptr<DiskCache> disk_;
  const std::size_t least_bytes_;            // that an open file counts for
  Cache<std::string, OpenTiff> files_;       // by URI and generation
  Cache<std::string, OpenTiff> flights_{0};  // by URI: who asks a server asks for all
  Budget::Seat seat_{};
  std::atomic<std::uint64_t> last_id_{0};
  const std::function<Clock::time_point()> now_;
  std::mutex seen_lock_;
  std::map<std::string, Generation> seen_;  // remote files, by URI
};

}  // namespace terrazzo::io
