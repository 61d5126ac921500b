#include "terrazzo/base/files.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "terrazzo/base/text.hpp"

namespace terrazzo {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

struct Meaning {
  int error_number;
  ErrorKind kind;
  std::string_view words;
};

constexpr std::array meanings{
    Meaning{ENOENT, ErrorKind::not_found, "there is no such file or folder"},
    Meaning{ENOTDIR, ErrorKind::not_found, "a part of its path is no folder"},
    Meaning{EACCES, ErrorKind::denied, "permission denied"},
    Meaning{EPERM, ErrorKind::denied, "permission denied"},
    Meaning{EROFS, ErrorKind::denied, "the disk is read-only"},
    Meaning{EEXIST, ErrorKind::conflict, "it exists already"},
    Meaning{EISDIR, ErrorKind::invalid_input, "it is a folder"},
    Meaning{ENAMETOOLONG, ErrorKind::invalid_input, "its name is too long"},
    Meaning{ELOOP, ErrorKind::invalid_input, "its links go in a circle"},
    Meaning{EINVAL, ErrorKind::invalid_input, "its name or kind does not allow it"},
    Meaning{EFBIG, ErrorKind::too_large, "it passes the size a file may have"},
    Meaning{ENOSPC, ErrorKind::unavailable, "the disk is full"},
    Meaning{EDQUOT, ErrorKind::unavailable, "the disk quota is used up"},
    Meaning{EIO, ErrorKind::unavailable, "the disk reports an error"},
    Meaning{EMFILE, ErrorKind::unavailable, "too many files are open"},
    Meaning{ENFILE, ErrorKind::unavailable, "too many files are open"},
    Meaning{ESTALE, ErrorKind::unavailable, "the file server lost it"},
};

Meaning meaning_of(int error_number) {
  for (const Meaning& meaning : meanings)
    if (meaning.error_number == error_number) return meaning;
  return {error_number, ErrorKind::internal, "the system refused"};
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path{"."};
}

// Beside the target, hidden, with its extension (drivers look at it).
fs::path aside_name(const fs::path& target) {
  static std::atomic<unsigned> count{0};
  constexpr std::size_t longest = 180;  // of 255, the rest is for what is added
  const std::string extension = target.extension().string();
  const std::string stem = target.stem().string().substr(0, longest);
  return folder_of(target) / fmt::format(".{}.{}.{}.tmp{}", stem, getpid(), ++count,
                                         extension.size() < 32 ? extension : "");
}

void write_all(int descriptor, std::string_view bytes, const fs::path& target) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw file_failure(errno, "written", target);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void sync(const fs::path& path, int flags, const fs::path& target) {
  const Descriptor file{open(path.c_str(), flags | O_RDONLY | O_CLOEXEC)};
  if (file.number() < 0 || fsync(file.number()) != 0)
    throw file_failure(errno, "written", target);
}

}  // namespace

Error file_failure(int error_number, std::string_view doing, const fs::path& path) {
  const Meaning meaning = meaning_of(error_number);
  Error error = failure(meaning.kind, "'{}' cannot be {}: {}",
                        shown(path.filename().string()), doing, meaning.words);
  error.note("using {} (errno {}: {})", path.string(), error_number,
             std::generic_category().message(error_number));
  return error;
}

std::string read_file(const fs::path& path, std::size_t max_bytes) {
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number() < 0) throw file_failure(errno, "read", path);
  constexpr std::size_t block = 1 << 16;
  std::string out;
  for (std::size_t used = 0;;) {
    out.resize(used + block);
    const ssize_t got = ::read(file.number(), out.data() + used, block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw file_failure(errno, "read", path);
    used += static_cast<std::size_t>(got);
    out.resize(used);
    if (used > max_bytes)
      throw failure(ErrorKind::too_large, "'{}' has more than {} bytes",
                    shown(path.filename().string()), max_bytes);
    if (got == 0) return out;
  }
}

std::vector<fs::path> files_like(const std::string& glob) {
  if (glob.find('\0') != std::string::npos) return {};
  glob_t found{};
  const int result = ::glob(glob.c_str(), GLOB_NOESCAPE, nullptr, &found);
  std::vector<fs::path> out;
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i)
    out.emplace_back(found.gl_pathv[i]);
  globfree(&found);
  if (result == GLOB_NOSPACE) throw file_failure(ENOMEM, "listed", glob);
  std::erase_if(out, [](const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
  });
  return out;
}

AsideFile::AsideFile(fs::path target, IfExists if_exists)
    : target_(std::move(target)), if_exists_(if_exists) {
  struct stat about{};
  const bool exists = lstat(target_.c_str(), &about) == 0;
  if (exists && if_exists == IfExists::refuse)
    throw file_failure(EEXIST, "made", target_);
  if (!target_.has_filename() || (exists && S_ISDIR(about.st_mode)))
    throw file_failure(EISDIR, "written", target_);
  constexpr mode_t everybody = 0666;  // less the umask
  do {
    path_ = aside_name(target_);
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
                       everybody);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) throw file_failure(errno, "written", target_);
}

AsideFile::~AsideFile() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(path_.c_str());
}

void AsideFile::write(std::string_view bytes) { write_all(descriptor_, bytes, target_); }

void AsideFile::put_in_place() {
  if (if_exists_ == IfExists::replace) {
    if (rename(path_.c_str(), target_.c_str()) != 0)
      throw file_failure(errno, "written", target_);
    return;
  }
  if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, target_.c_str(), RENAME_NOREPLACE) ==
      0)
    return;
  if (errno != EINVAL && errno != ENOSYS) throw file_failure(errno, "made", target_);
  // Some file systems (NFS) know no such rename; a link does not replace either.
  if (link(path_.c_str(), target_.c_str()) != 0)
    throw file_failure(errno, "made", target_);
  unlink(path_.c_str());
}

void AsideFile::commit() {
  if (descriptor_ < 0)
    throw failure(ErrorKind::internal, "a file is committed only once");
  sync(path_, 0, target_);  // by name: a driver may have made the file anew
  put_in_place();
  close(std::exchange(descriptor_, -1));
  sync(folder_of(target_), O_DIRECTORY, target_);
}

}  // namespace terrazzo
