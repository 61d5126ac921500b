#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "terrazzo/base/files.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/local_file.hpp"
#include "terrazzo/io/ranges.hpp"

namespace terrazzo::io {
namespace {

namespace fs = std::filesystem;

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// Reads the file that was opened, whatever has its name since; written in place, it is
// noticed by its size and time of change.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(fs::path path) : path_(std::move(path)) {
    // Not to wait for whoever writes to a pipe.
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) throw file_failure(errno, "read", path_);
    try {
      facts_ = status();
      check_regular();
    } catch (...) {
      ::close(descriptor_);
      throw;
    }
    generation_ = file_generation(facts_);
  }
  ~FileSource() override { ::close(descriptor_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::uint64_t size() const override {
    return static_cast<std::uint64_t>(facts_.st_size);
  }
  const std::string& generation() const override { return generation_; }
  std::span<const std::byte> head() const override { return {}; }

  void read(std::span<const Piece> pieces, const Context& context) const override {
    check_inside(pieces, size());
    for (const Piece& piece : pieces) {
      context.check();
      fill(piece);
    }
    const struct stat after = status();
    if (after.st_size != facts_.st_size || !same_time(after.st_mtim, facts_.st_mtim))
      throw failure(ErrorKind::conflict, "'{}' was changed since it was opened", name());
  }

 private:
  std::string name() const { return shown(path_.filename().string()); }

  struct stat status() const {
    struct stat facts{};
    if (::fstat(descriptor_, &facts) != 0) throw file_failure(errno, "read", path_);
    return facts;
  }

  void check_regular() const {
    if (S_ISDIR(facts_.st_mode)) throw file_failure(EISDIR, "read", path_);
    if (!S_ISREG(facts_.st_mode))
      throw failure(ErrorKind::unsupported, "'{}' is a device or a pipe, not a file",
                    name());
  }

  void fill(const Piece& piece) const {
    std::uint64_t offset = piece.offset;
    for (std::span<std::byte> to = piece.to; !to.empty();) {
      const ssize_t got =
          ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw file_failure(errno, "read", path_);
      if (got == 0)
        throw failure(ErrorKind::corrupt_data, "'{}' ends at byte {} of {}", name(),
                      offset, size());
      offset += static_cast<std::uint64_t>(got);
      to = to.subspan(static_cast<std::size_t>(got));
    }
  }

  fs::path path_;
  int descriptor_ = -1;
  struct stat facts_{};
  std::string generation_;
};

std::shared_ptr<const ByteSource> open(const std::string& uri,
                                       const Context& /*context*/) {
  return std::make_shared<const FileSource>(local_path(uri).value());
}

}  // namespace

extern const ByteSourceKind byte_source_file;
constinit const ByteSourceKind byte_source_file{
    .name = "file", .handles = is_local, .open = open};

}  // namespace terrazzo::io
