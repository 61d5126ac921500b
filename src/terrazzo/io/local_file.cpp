#include "terrazzo/io/local_file.hpp"

#include <sys/stat.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::io {

bool is_local(std::string_view uri) {
  return !uri.starts_with("/vsi") && local_path(std::string{uri});
}

std::string file_generation(const struct stat& facts) {
  return fmt::format("{}.{}.{}.{}.{:09}.{}.{:09}", facts.st_dev, facts.st_ino,
                     facts.st_size, facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec,
                     facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec);
}

}  // namespace terrazzo::io
