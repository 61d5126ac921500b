#include "terrazzo/io/tiff_opener.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "terrazzo/io/tiff_raster.hpp"
#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::io {
namespace {

using Clock = std::chrono::steady_clock;

// What a file that is not on this machine was found to be is believed for a while.
constexpr auto trusted_for = std::chrono::seconds{60};
constexpr std::size_t header_bytes = std::size_t{64} << 20U;

bool is_remote(const std::string& uri) {
  return uri.find("://") != std::string::npos && !uri.starts_with("file://");
}

std::string short_name(const std::string& uri) {
  return uri.substr(uri.find_last_of('/') + 1);
}

// Throws unsupported: it begins as no TIFF does.
void check_magic(const ByteSource& source, const std::string& name) {
  std::array<std::byte, 4> magic{};
  if (source.size() >= magic.size()) {
    const Piece piece{0, magic};
    source.read({&piece, 1});
  }
  const auto is = [&](char order, int first, int second) {
    return magic[0] == std::byte(order) && magic[1] == std::byte(order) &&
           ((magic[2] == std::byte(first) && magic[3] == std::byte(second)));
  };
  if (is('I', 42, 0) || is('I', 43, 0) || is('M', 0, 42) || is('M', 0, 43)) return;
  throw failure(ErrorKind::unsupported, "'{}' is not a TIFF", name);
}

class TiffOpener : public RasterOpener {
 public:
  explicit TiffOpener(const TiffOptions& options)
      : store_(std::make_shared<BlockStore>(options.block_bytes)),
        least_bytes_(header_bytes / std::max<std::size_t>(options.open_files, 1)),
        files_(header_bytes) {}

  std::shared_ptr<const Raster> open(const std::string& uri, int band) const override {
    return tiff_raster(file_of(uri), store_, band);
  }

 private:
  struct Seen {
    std::string key;
    Clock::time_point until;
  };

  std::shared_ptr<const OpenTiff> file_of(const std::string& uri) const;
  std::shared_ptr<const OpenTiff> trusted(const std::string& uri) const;
  std::shared_ptr<const OpenTiff> parse(std::shared_ptr<const ByteSource> source,
                                        const std::string& uri) const;

  std::shared_ptr<BlockStore> store_;
  std::size_t least_bytes_;  // that an open file counts for
  mutable Cache<std::string, OpenTiff> files_;
  mutable std::atomic<std::uint64_t> last_id_{0};
  mutable std::mutex seen_lock_;
  mutable std::map<std::string, Seen> seen_;  // of remote files
};

std::shared_ptr<const OpenTiff> TiffOpener::parse(
    std::shared_ptr<const ByteSource> source, const std::string& uri) const {
  const auto tiff = std::make_shared<OpenTiff>();
  tiff->id = ++last_id_;
  tiff->source = std::move(source);
  tiff->name = short_name(uri);
  check_magic(*tiff->source, tiff->name);
  try {
    tiff->file = read_geotiff(*tiff->source);
  } catch (Error& error) {
    error.note("while opening '{}'", uri);
    throw;
  }
  if (tiff->file.info.crs) tiff->world_width = raster::world_width(*tiff->file.info.crs);
  return tiff;
}

// A remote file that was looked at lately; null: it was not, or is no longer kept.
std::shared_ptr<const OpenTiff> TiffOpener::trusted(const std::string& uri) const {
  const std::lock_guard lock{seen_lock_};
  const auto seen = seen_.find(uri);
  if (seen == seen_.end() || Clock::now() > seen->second.until) return nullptr;
  return files_.find(seen->second.key);
}

std::shared_ptr<const OpenTiff> TiffOpener::file_of(const std::string& uri) const {
  const bool remote = is_remote(uri);
  if (remote)
    if (auto file = trusted(uri)) return file;
  auto source = open_bytes(uri);
  const std::string key = uri + '\n' + source->generation();
  auto file = files_.get_or_make(
      key, [&] { return parse(std::move(source), uri); },
      [&](const OpenTiff& tiff) { return std::max(tiff.file.tiff.bytes, least_bytes_); });
  if (remote) {
    constexpr std::size_t most_seen = 100'000;
    const std::lock_guard lock{seen_lock_};
    if (seen_.size() >= most_seen) seen_.clear();
    seen_[uri] = {key, Clock::now() + trusted_for};
  }
  return file;
}

}  // namespace

std::unique_ptr<RasterOpener> tiff_opener(const TiffOptions& options) {
  return std::make_unique<TiffOpener>(options);
}

}  // namespace terrazzo::io
