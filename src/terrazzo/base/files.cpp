#include "terrazzo/base/files.hpp"

#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "terrazzo/base/descriptor.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo {
namespace {

namespace fs = std::filesystem;

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

// "/a/b/" as "/a/b", whose filename() is that of the folder.
fs::path without_slash(const fs::path& folder) {
  return folder.has_filename() || !folder.has_relative_path() ? folder
                                                              : folder.parent_path();
}

// Folders that a running glob() could not read; it tells of them by a function that takes
// no data.
thread_local std::vector<std::pair<std::string, int>>* refused_folders = nullptr;

int note_refused(const char* folder, int error_number) noexcept {
  try {
    if (error_number != ENOENT) refused_folders->emplace_back(folder, error_number);
  } catch (...) {  // out of memory: glob() says so itself
  }
  return 0;
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
  std::vector<std::pair<std::string, int>> refused;
  refused_folders = &refused;
  glob_t found{};
  const int result = ::glob(glob.c_str(), GLOB_NOESCAPE, note_refused, &found);
  refused_folders = nullptr;
  std::vector<fs::path> out;
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i)
    out.emplace_back(found.gl_pathv[i]);
  globfree(&found);
  if (result == GLOB_NOSPACE) throw file_failure(ENOMEM, "listed", glob);
  std::erase_if(out, [](const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
  });
  if (out.empty() && !refused.empty())
    throw file_failure(refused.front().second, "listed",
                       without_slash(refused.front().first));
  for (const auto& [folder, error_number] : refused)
    log::warning(
        "a folder is left out: it cannot be read",
        {{"folder", folder}, {"reason", std::generic_category().message(error_number)}});
  return out;
}

}  // namespace terrazzo
