#include "terrazzo/catalog/remote_file.hpp"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <span>
#include <vector>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t bytes_at_once = 8U << 20U;
constexpr int tries = 3;  // of a file that changes while it is read

fs::path new_folder() {
  std::string path = (fs::temp_directory_path() / "terrazzo-catalogue-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr)
    throw failure(
        ErrorKind::unavailable,
        "there is no place for a copy of the catalogue in the temporary folder");
  return path;
}

void copy(const io::ByteSource& source, const std::string& path) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  std::vector<std::byte> bytes;
  for (std::uint64_t at = 0; at < source.size(); at += bytes.size()) {
    bytes.resize(std::min(bytes_at_once, source.size() - at));
    const io::Piece piece{at, bytes};
    source.read({&piece, 1});
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  if (!file.flush())
    throw failure(ErrorKind::unavailable, "the temporary folder is full");
}

// Whoever replaces the file while it is read makes a new beginning necessary.
std::string copied(const std::string& uri, const std::string& path) {
  for (int left = tries;; --left) {
    const auto source = io::open_bytes(uri);
    try {
      copy(*source, path);
      return source->generation();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::conflict || left == 1) throw;
    }
  }
}

}  // namespace

RemoteFileCopy::RemoteFileCopy(std::string uri, std::chrono::seconds believed_for)
    : uri_(std::move(uri)),
      believed_for_(believed_for),
      folder_(new_folder()),
      path_((folder_ / "catalogue.sqlite").string()) {
  try {
    generation_ = copied(uri_, path_);
  } catch (...) {
    fs::remove_all(folder_);
    throw;
  }
  asked_ = Context::Clock::now();
}

RemoteFileCopy::~RemoteFileCopy() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void RemoteFileCopy::refresh(const Accept& accept) const {
  const std::unique_lock lock{asking_, std::try_to_lock};
  if (!lock || Context::Clock::now() - asked_ < believed_for_) return;
  asked_ = Context::Clock::now();
  try {
    fetch(accept);
  } catch (const Error& error) {
    log::warning("the catalogue is served as it was: its place does not answer",
                 {{"reason", error.what()}});
  }
}

void RemoteFileCopy::fetch(const Accept& accept) const {
  if (io::open_bytes(uri_)->generation() == generation_) return;
  const std::string next = path_ + ".next";
  const std::string generation = copied(uri_, next);
  if (accept(next)) fs::rename(next, path_);
  generation_ = generation;
}

}  // namespace terrazzo::catalog
