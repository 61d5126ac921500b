#include "terrazzo/io/file_listing.hpp"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/base/files.hpp"

namespace terrazzo::io {
namespace {

struct Close {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, Close>;
using Visit = std::function<bool(const std::string&, const struct stat&)>;

bool is_gone(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR;
}

// Of a folder, sorted as the keys below it: folders with a slash at the end. Empty: it
// is not there.
std::vector<std::string> names_in(const std::string& path, const std::string& start,
                                  const Context& context) {
  const Folder folder{::opendir(path.empty() ? "." : path.c_str())};
  std::vector<std::string> names;
  if (!folder && is_gone(errno)) return names;
  if (!folder) throw file_failure(errno, "listed", path);
  for (errno = 0; const dirent* entry = ::readdir(folder.get()); errno = 0) {
    context.check();
    std::string name = entry->d_name;
    if (name == "." || name == ".." || !name.starts_with(start) || is_aside(name))
      continue;
    struct stat facts{};
    const bool may_be_folder =
        entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
    if (may_be_folder && ::stat((path + name).c_str(), &facts) == 0 &&
        S_ISDIR(facts.st_mode))
      name += '/';
    names.push_back(std::move(name));
  }
  if (errno != 0) throw file_failure(errno, "listed", path);
  std::ranges::sort(names);
  return names;
}

class Walk {
 public:
  Walk(const Visit& visit, const Context& context) : visit_(visit), context_(context) {}

  // Of a folder the names that begin with `start`. False: it is enough. The path ends
  // with a slash, or is empty.
  bool folder(const std::string& path, const std::string& start) {
    struct stat facts{};
    if (::stat(path.empty() ? "." : path.c_str(), &facts) != 0) return true;
    const Identity identity{facts.st_dev, facts.st_ino};
    if (std::ranges::find(above_, identity) != above_.end()) return true;
    above_.push_back(identity);
    for (const std::string& name : names_in(path, start, context_)) {
      context_.check();
      const bool goes_on =
          name.ends_with('/') ? folder(path + name, "") : file(path + name);
      if (!goes_on) return false;
    }
    above_.pop_back();
    return true;
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  bool file(const std::string& path) const {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) {
      if (is_gone(errno) || errno == ELOOP) return true;
      throw file_failure(errno, "listed", path);
    }
    return !S_ISREG(facts.st_mode) || visit_(path, facts);
  }

  const Visit& visit_;
  const Context& context_;
  std::vector<Identity> above_;
};

}  // namespace

void list_files(const std::string& prefix, const Visit& visit, const Context& context) {
  const std::size_t name = prefix.rfind('/') + 1;
  Walk{visit, context}.folder(prefix.substr(0, name), prefix.substr(name));
}

}  // namespace terrazzo::io
