#include "terrazzo/base/aside.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <functional>
#include <system_error>

#include "terrazzo/base/descriptor.hpp"
#include "terrazzo/base/error.hpp"

namespace terrazzo {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_name_bytes = 120;  // of the output's name within an aside name

constexpr std::string_view mark = ".terrazzo-";

// Different for machines that share a folder.
std::string host_mark() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return fmt::format("{:08x}", std::hash<std::string>{}(name.data()) & 0xffffffffU);
}

void sync(const fs::path& path, int flags) {
  const Descriptor file{::open(path.c_str(), flags | O_CLOEXEC)};
  if (file.number() < 0 || ::fsync(file.number()) != 0) throw output_failure(errno, path);
}

// The process that made a file of this family on this machine, if the name says so.
pid_t maker_of(std::string_view name, std::string_view family) {
  if (!name.starts_with(family)) return 0;
  name.remove_prefix(family.size());
  pid_t maker = 0;
  const auto end = std::from_chars(name.data(), name.data() + name.size(), maker);
  return end.ec == std::errc{} && *end.ptr == '-' ? maker : 0;
}

template <class Which>
void remove_files(const fs::path& folder, Which&& which) noexcept {
  std::error_code ignored;
  for (fs::directory_iterator entry{folder, ignored}, end; !ignored && entry != end;
       entry.increment(ignored)) {
    std::error_code failed;
    if (which(entry->path().filename().string())) fs::remove(entry->path(), failed);
  }
}

fs::path folder_of(const fs::path& output) {
  return output.has_parent_path() ? output.parent_path() : fs::path{"."};
}

// Fails with EEXIST instead of replacing, also where the file system lacks the flag.
int rename_new(const char* from, const char* to) {
  if (::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (::link(from, to) != 0) return -1;
  return ::unlink(from);
}

}  // namespace

Error output_failure(int code, const fs::path& path) {
  const std::string reason = std::generic_category().message(code);
  const bool denied = code == EACCES || code == EPERM || code == EROFS;
  Error error =
      code == EEXIST || code == ENOTEMPTY || code == EISDIR
          ? failure(ErrorKind::conflict, "'{}' exists", path.filename().string())
      : denied
          ? failure(ErrorKind::denied, "the folder of the output may not be written")
          : failure(ErrorKind::unavailable, "the output cannot be written: {}", reason);
  error.note("writing {}: {}", path.string(), reason);
  return error;
}

bool is_aside(std::string_view name) {
  return name.starts_with('.') && name.find(mark) != std::string_view::npos;
}

AsideFiles::AsideFiles(fs::path output) : output_(std::move(output)) {
  static std::atomic<unsigned> count = 0;
  const fs::path folder = folder_of(output_);
  if (std::error_code error; !fs::is_directory(folder, error))
    throw failure(ErrorKind::not_found, "the folder of the output '{}' is not there",
                  output_.filename().string());
  family_ =
      fmt::format(".{}{}{}-", output_.filename().string().substr(0, most_name_bytes),
                  mark, host_mark());
  prefix_ = fmt::format("{}{}-{}.", family_, ::getpid(), ++count);
  remove_files(folder, [&](const std::string& name) {
    const pid_t maker = maker_of(name, family_);
    return maker > 0 && ::kill(maker, 0) != 0 && errno == ESRCH;
  });
}

AsideFiles::~AsideFiles() {
  remove_files(folder_of(output_),
               [&](const std::string& name) { return name.starts_with(prefix_); });
}

fs::path AsideFiles::file(std::string_view ending) const {
  return folder_of(output_) / (prefix_ + std::string{ending});
}

void AsideFiles::publish(const fs::path& file, bool replace) const {
  sync(file, O_RDONLY);
  const int done = replace ? ::rename(file.c_str(), output_.c_str())
                           : rename_new(file.c_str(), output_.c_str());
  if (done != 0) throw output_failure(errno, output_);
  sync(folder_of(output_), O_RDONLY | O_DIRECTORY);
}

void write_file(const fs::path& path, std::string_view bytes) {
  constexpr mode_t everyone = 0666;  // less the umask
  const Descriptor file{
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, everyone)};
  if (file.number() < 0) throw output_failure(errno, path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw output_failure(errno, path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace terrazzo
