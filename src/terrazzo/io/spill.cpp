#include "terrazzo/io/spill.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "terrazzo/base/aside.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t copied_at_once = std::size_t{32} << 20U;

// size, bytes, the last four of them again
BlockPlace put_block(std::vector<std::byte>& to, std::uint64_t start,
                     std::span<const std::byte> block) {
  if (block.empty()) return {};
  const auto size = static_cast<std::uint32_t>(block.size());
  const auto leader = std::as_bytes(std::span{&size, 1});
  to.insert(to.end(), leader.begin(), leader.end());
  const std::uint64_t at = start + to.size();
  to.insert(to.end(), block.begin(), block.end());
  const auto trailer = block.last(std::min<std::size_t>(block.size(), 4));
  to.insert(to.end(), trailer.begin(), trailer.end());
  to.insert(to.end(), 4 - trailer.size(), std::byte{0});
  return {at, size};
}

}  // namespace

GrowingFile::GrowingFile(int descriptor, std::filesystem::path path)
    : path_(std::move(path)), file_(std::make_unique<Descriptor>(descriptor)) {
  if (descriptor < 0) throw output_failure(errno, path_);
}

GrowingFile::GrowingFile(const std::filesystem::path& path)
    : GrowingFile(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666),
                  path) {}

GrowingFile GrowingFile::in_memory() {
  return {::memfd_create("terrazzo", MFD_CLOEXEC), "memory"};
}

void GrowingFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_->number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw output_failure(errno, path_);
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void GrowingFile::append(const GrowingFile& other, const std::function<void()>& between) {
  off_t from = 0;
  const auto end = static_cast<off_t>(other.size_);
  bool in_kernel = true;
  std::vector<std::byte> buffer;
  while (from < end) {
    between();
    const std::size_t wanted =
        std::min(copied_at_once, static_cast<std::size_t>(end - from));
    if (in_kernel) {
      const ssize_t copied = ::copy_file_range(other.file_->number(), &from,
                                               file_->number(), nullptr, wanted, 0);
      if (copied > 0) size_ += static_cast<std::uint64_t>(copied);
      if (copied < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS &&
          errno != EOPNOTSUPP)
        throw output_failure(errno, path_);
      in_kernel = copied > 0;
      continue;
    }
    buffer.resize(std::min<std::size_t>(wanted, std::size_t{1} << 20U));
    const ssize_t got =
        ::pread(other.file_->number(), buffer.data(), buffer.size(), from);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw output_failure(got < 0 ? errno : EIO, other.path_);
    append(std::span{buffer}.first(static_cast<std::size_t>(got)));
    from += got;
  }
}

void Spill::append(std::span<const Encoded> blocks) {
  std::size_t most = 0;
  for (const Encoded& block : blocks) most += block.image.size() + block.mask.size() + 16;
  std::vector<std::byte> bytes;
  bytes.reserve(most);
  for (const Encoded& block : blocks) {
    images_.push_back(put_block(bytes, file_.size(), block.image));
    masks_.push_back(put_block(bytes, file_.size(), block.mask));
  }
  file_.append(bytes);
}

}  // namespace terrazzo::io
