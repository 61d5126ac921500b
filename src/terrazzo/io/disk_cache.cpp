#include "terrazzo/io/disk_cache.hpp"

#include <fcntl.h>
#include <libdeflate.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <map>
#include <utility>

#include "terrazzo/base/log.hpp"
#include "terrazzo/io/ranges.hpp"
#include "terrazzo/io/s3_signer.hpp"

namespace terrazzo::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view aside = ".part";
constexpr auto most_age_aside = std::chrono::hours{1};
constexpr std::uint64_t trims = 16;  // looks per max_bytes written
constexpr double kept_share = 0.9;   // of max_bytes, after a trim
constexpr auto least_age_touched = std::chrono::minutes{10};

// What a chunk's file begins with.
struct Head {
  std::array<char, 8> magic{'T', 'Z', 'C', 'H', 'U', 'N', 'K', '1'};
  std::uint32_t length = 0;  // of the bytes that follow
  std::uint32_t sum = 0;     // of them and of the key
};

std::uint32_t sum_of(const std::string& key, std::uint64_t chunk,
                     std::span<const std::byte> bytes) {
  std::uint32_t sum = libdeflate_crc32(0, key.data(), key.size());
  sum = libdeflate_crc32(sum, &chunk, sizeof chunk);
  return libdeflate_crc32(sum, bytes.data(), bytes.size());
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  explicit operator bool() const { return number_ >= 0; }
  int operator*() const { return number_; }

 private:
  int number_;
};

bool read_all(int descriptor, std::span<std::byte> to) {
  while (!to.empty()) {
    const ssize_t got = ::read(descriptor, to.data(), to.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to = to.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

bool write_all(int descriptor, std::span<const std::byte> from) {
  while (!from.empty()) {
    const ssize_t put = ::write(descriptor, from.data(), from.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    from = from.subspan(static_cast<std::size_t>(put));
  }
  return true;
}

// Chunks that are used stay longest; the disk is told now and then only.
void touch(int descriptor, const struct stat& facts) {
  const auto age = std::chrono::system_clock::now() -
                   std::chrono::system_clock::from_time_t(facts.st_mtim.tv_sec);
  if (age > least_age_touched) ::futimens(descriptor, nullptr);
}

struct Kept {
  fs::path path;
  fs::file_time_type time;
  std::uint64_t bytes;
};

// Every chunk's file; what writers left aside is removed once it is old.
std::vector<Kept> all_in(const fs::path& folder) {
  std::vector<Kept> files;
  const auto now = fs::file_time_type::clock::now();
  std::error_code gone;  // another process removes files too
  for (fs::recursive_directory_iterator at{folder, gone}, end; at != end;
       at.increment(gone)) {
    if (gone) break;
    const fs::path& path = at->path();
    if (!at->is_regular_file(gone) || path.filename() == "lock") continue;
    const auto time = at->last_write_time(gone);
    const auto bytes = at->file_size(gone);
    if (gone) continue;
    if (path.extension() != aside) {
      files.push_back({path, time, bytes});
    } else if (now - time > most_age_aside) {
      fs::remove(path, gone);
    }
  }
  return files;
}

}  // namespace

DiskCache::DiskCache(fs::path folder, std::uint64_t max_bytes)
    : folder_(std::move(folder)), max_bytes_(max_bytes) {
  std::error_code error;
  if (fs::create_directories(folder_, error))
    fs::permissions(folder_, fs::perms::owner_all, error);
  if (error || ::access(folder_.c_str(), W_OK | X_OK) != 0)
    throw failure(ErrorKind::denied,
                  "the folder of the disk cache, '{}', cannot be made or written",
                  folder_.filename().string());
  trim();
}

fs::path DiskCache::path_of(const std::string& key, std::uint64_t chunk) const {
  const std::string name = sha256_hex(key);
  return folder_ / name.substr(0, 2) / fmt::format("{}-{}", name.substr(2, 30), chunk);
}

std::optional<std::vector<std::byte>> DiskCache::find(
    const std::string& key, std::uint64_t chunk) const noexcept {
  try {
    const Descriptor file{path_of(key, chunk), O_RDONLY};
    struct stat facts{};
    Head head;
    if (!file || ::fstat(*file, &facts) != 0 ||
        !read_all(*file, std::as_writable_bytes(std::span{&head, 1})) ||
        head.magic != Head{}.magic || head.length > chunk_bytes)
      return std::nullopt;
    std::vector<std::byte> bytes(head.length);
    if (!read_all(*file, bytes) || sum_of(key, chunk, bytes) != head.sum)
      return std::nullopt;
    touch(*file, facts);
    return bytes;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void DiskCache::keep(const std::string& key, std::uint64_t chunk,
                     std::span<const std::byte> bytes) noexcept {
  try {
    Head head;
    head.length = static_cast<std::uint32_t>(bytes.size());
    head.sum = sum_of(key, chunk, bytes);
    write(path_of(key, chunk), std::as_bytes(std::span{&head, 1}), bytes);
    written_ += sizeof head + bytes.size();
    if (written_ >= max_bytes_ / trims) trim();
  } catch (const std::exception& error) {
    if (!complained_.exchange(true))
      log::warning("the disk cache cannot be written", {{"reason", error.what()}});
  }
}

void DiskCache::write(const fs::path& path, std::span<const std::byte> head,
                      std::span<const std::byte> bytes) {
  fs::create_directory(path.parent_path());
  const fs::path part =
      path.parent_path() / fmt::format("{}-{}{}", ::getpid(), ++last_name_, aside);
  bool whole = false;
  {
    const Descriptor file{part, O_WRONLY | O_CREAT | O_EXCL};
    whole = file && write_all(*file, head) && write_all(*file, bytes);
  }
  std::error_code error;
  if (whole) fs::rename(part, path, error);
  if (whole && !error) return;
  fs::remove(part, error);
  throw failure(ErrorKind::unavailable, "a chunk could not be written: {}",
                std::strerror(errno));
}

// One process at a time; who finds another at it leaves it to that one.
void DiskCache::trim() {
  const std::unique_lock mine{trimming_, std::try_to_lock};
  if (!mine) return;
  written_ = 0;
  const Descriptor lock{folder_ / "lock", O_RDWR | O_CREAT};
  if (!lock || ::flock(*lock, LOCK_EX | LOCK_NB) != 0) return;
  std::vector<Kept> files = all_in(folder_);
  std::uint64_t sum = 0;
  for (const Kept& file : files) sum += file.bytes;
  const std::uint64_t threshold = max_bytes_ - max_bytes_ / trims;
  if (sum <= threshold) return;
  std::ranges::sort(files, {}, &Kept::time);
  const auto wanted =
      static_cast<std::uint64_t>(kept_share * static_cast<double>(threshold));
  for (const Kept& file : files) {
    if (sum <= wanted) return;
    std::error_code gone;
    fs::remove(file.path, gone);
    sum -= file.bytes;
  }
}

namespace {

class CachedSource final : public ByteSource {
 public:
  CachedSource(std::shared_ptr<const ByteSource> source, const std::string& uri,
               std::shared_ptr<DiskCache> cache)
      : source_(std::move(source)),
        key_(uri + '\n' + source_->generation()),
        cache_(std::move(cache)) {}

  std::uint64_t size() const override { return source_->size(); }
  const std::string& generation() const override { return source_->generation(); }
  std::span<const std::byte> head() const override { return source_->head(); }
  std::string pin() const override { return source_->pin(); }

  void read(std::span<const Piece> pieces, const Context& context) const override {
    check_inside(pieces, size());
    Chunks chunks;
    for (const Piece& piece : pieces)
      if (!in_head(piece))
        for (std::uint64_t at = piece.offset / chunk; at * chunk < end_of(piece); ++at)
          chunks[at];
    fill(chunks, context);
    for (const Piece& piece : pieces) copy(chunks, piece);
  }

 private:
  static constexpr std::uint64_t chunk = DiskCache::chunk_bytes;
  using Chunks = std::map<std::uint64_t, std::vector<std::byte>>;

  static std::uint64_t end_of(const Piece& piece) {
    return piece.offset + piece.to.size();
  }
  bool in_head(const Piece& piece) const { return end_of(piece) <= head().size(); }

  void fill(Chunks& chunks, const Context& context) const {
    std::vector<Piece> missing;
    for (auto& [number, bytes] : chunks) {
      const std::uint64_t offset = number * chunk;
      const std::uint64_t length = std::min(chunk, size() - offset);
      if (auto found = cache_->find(key_, number); found && found->size() == length) {
        bytes = std::move(*found);
      } else {
        bytes.resize(length);
        missing.push_back({offset, bytes});
      }
    }
    if (missing.empty()) return;
    source_->read(missing, context);
    for (const Piece& piece : missing) cache_->keep(key_, piece.offset / chunk, piece.to);
  }

  void copy(const Chunks& chunks, const Piece& piece) const {
    for (std::uint64_t at = piece.offset; at < end_of(piece);) {
      const std::span<const std::byte> from =
          in_head(piece) ? head().subspan(at)
                         : std::span{chunks.at(at / chunk)}.subspan(at % chunk);
      const auto part =
          from.first(std::min<std::size_t>(from.size(), end_of(piece) - at));
      std::ranges::copy(
          part, piece.to.begin() + static_cast<std::ptrdiff_t>(at - piece.offset));
      at += part.size();
    }
  }

  const std::shared_ptr<const ByteSource> source_;
  const std::string key_;
  const std::shared_ptr<DiskCache> cache_;
};

}  // namespace

std::shared_ptr<const ByteSource> cached(std::shared_ptr<const ByteSource> source,
                                         const std::string& uri,
                                         std::shared_ptr<DiskCache> cache) {
  if (!cache || source->pin().empty()) return source;
  return std::make_shared<const CachedSource>(std::move(source), uri, std::move(cache));
}

}  // namespace terrazzo::io
