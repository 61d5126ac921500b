#include "terrazzo/io/file_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/base/descriptor.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/io/file_listing.hpp"
#include "terrazzo/io/local_file.hpp"
#include "terrazzo/io/store_rules.hpp"

namespace terrazzo::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t stretch_bytes = 16U << 20U;  // several requests of a remote source

Time modified(const struct stat& facts) {
  const auto since = std::chrono::seconds{facts.st_mtim.tv_sec} +
                     std::chrono::nanoseconds{facts.st_mtim.tv_nsec};
  return Time{std::chrono::floor<Time::duration>(since)};
}

StoredObject told(std::string uri, const struct stat& facts) {
  return {.uri = std::move(uri),
          .size = static_cast<std::uint64_t>(facts.st_size),
          .generation = file_generation(facts),
          .modified = modified(facts)};
}

mode_t mode_of(Acl acl) {
  constexpr mode_t owner = S_IRUSR | S_IWUSR;
  switch (acl) {
    case Acl::authenticated_read:
      return owner | S_IRGRP;
    case Acl::public_read:
      return owner | S_IRGRP | S_IROTH;
    default:
      return owner;
  }
}

// Throws invalid_input: it names no file.
fs::path file_path(const std::string& uri) {
  std::string path = local_path(uri).value_or("");
  if (path.empty() || path.ends_with('/') || path.find('\0') != std::string::npos)
    throw invalid("'{}' is no path of a file", shown(uri));
  return path;
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path{"."};
}

// So that a new folder outlasts a loss of power. False, with errno: it cannot be made.
bool make_folder(const fs::path& folder) {
  constexpr mode_t everyone = 0777;  // less the umask
  if (::mkdir(folder.c_str(), everyone) != 0) return errno == EEXIST;
  const Descriptor above{
      ::open(folder_of(folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return above.number() >= 0 && ::fsync(above.number()) == 0;
}

// Those that are missing. Throws as file_failure().
void make_folders(const fs::path& folder) {
  if (make_folder(folder)) return;
  if (errno != ENOENT) throw file_failure(errno, "made", folder);
  make_folders(folder_of(folder));
  if (!make_folder(folder)) throw file_failure(errno, "made", folder);
}

// While it lives no other store replaces or removes a file of the folder.
class FolderLock {
 public:
  // `needed`: throws unsupported where the file system has no such locks.
  FolderLock(const fs::path& folder, bool needed)
      : folder_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    int done = -1;
    while (folder_.number() >= 0 && (done = ::flock(folder_.number(), LOCK_EX)) != 0 &&
           errno == EINTR) {
    }
    if (done != 0 && needed)
      throw failure(ErrorKind::unsupported,
                    "the file system cannot lock the folder '{}', so that no file in it "
                    "can be replaced under a condition",
                    shown(folder.filename().string()));
  }

 private:
  const Descriptor folder_;
};

void write_all(int file, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw file_failure(errno, "written", path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void write_content(int file, const ByteSource& content, const fs::path& path,
                   const Context& context) {
  std::vector<std::byte> stretch(
      static_cast<std::size_t>(std::min<std::uint64_t>(content.size(), stretch_bytes)));
  for (std::uint64_t done = 0; done < content.size();) {
    const std::uint64_t left = content.size() - done;
    const Piece piece{done, std::span{stretch}.first(static_cast<std::size_t>(
                                std::min<std::uint64_t>(left, stretch.size())))};
    content.read({&piece, 1}, context);
    write_all(file, piece.to, path);
    done += piece.to.size();
  }
}

struct stat status_of(int file, const fs::path& path) {
  struct stat facts{};
  if (::fstat(file, &facts) != 0) throw file_failure(errno, "read", path);
  return facts;
}

class FileStore final : public Store {
 public:
  std::optional<StoredObject> stat(const std::string& uri,
                                   const Context& context) override {
    context.check();
    const fs::path path = file_path(uri);
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      throw file_failure(errno, "read", path);
    }
    if (!S_ISREG(facts.st_mode)) return std::nullopt;
    return told(uri, facts);
  }

  void list(const std::string& prefix,
            const std::function<bool(const StoredObject&)>& visit,
            const Context& context) override {
    const auto path = local_path(prefix);
    if (!path) throw invalid("'{}' is no path", shown(prefix));
    const std::string scheme = prefix.substr(0, prefix.size() - path->size());
    list_files(
        *path,
        [&](const std::string& file, const struct stat& facts) {
          return visit(told(scheme + file, facts));
        },
        context);
  }

  std::shared_ptr<const ByteSource> open(const std::string& uri,
                                         const Context& context) override {
    return open_bytes(uri, context);
  }

  StoredObject put(const std::string& uri, const ByteSource& content,
                   const PutOptions& options, const Context& context) override {
    constexpr mode_t everyone = 0666;  // less the umask
    check_options(options);
    context.check();
    const fs::path path = file_path(uri);
    if (options.if_absent) check_conditions(options, uri, stat(uri, context));
    make_folders(folder_of(path));
    const AsideFiles aside{path};
    const fs::path beside = aside.file("part");
    const Descriptor file{
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, everyone)};
    if (file.number() < 0) throw file_failure(errno, "written", path);
    if (options.acl != Acl::unchanged &&
        ::fchmod(file.number(), mode_of(options.acl)) != 0)
      throw file_failure(errno, "written", path);
    write_content(file.number(), content, path, context);
    if (::fsync(file.number()) != 0) throw file_failure(errno, "written", path);

    const bool matches = !options.if_match.empty();
    const FolderLock lock{folder_of(path), matches};
    if (matches) check_conditions(options, uri, stat(uri, context));
    context.check();
    aside.publish(beside, !options.if_absent);
    return told(uri, status_of(file.number(), path));
  }

  StoredObject copy(const std::string& from, const std::string& to,
                    const PutOptions& options, const Context& context) override {
    check_copy(from, to);
    return put(to, *open_bytes(from, context), options, context);
  }

  void set_acl(const std::string& uri, Acl acl, const Context& context) override {
    if (acl == Acl::unchanged) return;
    context.check();
    const fs::path path = file_path(uri);
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file.number() < 0) throw file_failure(errno, "given an ACL", path);
    constexpr mode_t permissions = 07777;
    const mode_t before = status_of(file.number(), path).st_mode & permissions;
    // Changing nothing would give it another generation.
    if (before != mode_of(acl) && ::fchmod(file.number(), mode_of(acl)) != 0)
      throw file_failure(errno, "given an ACL", path);
  }

  void remove(const std::string& uri, const Context& context) override {
    context.check();
    const fs::path path = file_path(uri);
    const FolderLock lock{folder_of(path), false};
    if (::unlink(path.c_str()) == 0) return;
    if (errno != ENOENT && errno != ENOTDIR && errno != EISDIR)
      throw file_failure(errno, "removed", path);
  }
};

}  // namespace

std::unique_ptr<Store> file_store() { return std::make_unique<FileStore>(); }

}  // namespace terrazzo::io
