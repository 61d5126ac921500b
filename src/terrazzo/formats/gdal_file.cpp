#include "terrazzo/formats/gdal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "terrazzo/base/descriptor.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/formats/gdal_library.hpp"

namespace terrazzo::formats {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

FileIdentity remote_identity() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return {.time = std::chrono::duration_cast<std::chrono::minutes>(now).count()};
}

FileIdentity virtual_identity(const std::string& path) {
  VSIStatBufL stat{};
  if (VSIStatL(path.c_str(), &stat) != 0)
    throw failure(ErrorKind::not_found, "there is no file '{}'", short_name(path));
  return {.size = static_cast<std::uint64_t>(stat.st_size),
          .time = static_cast<std::int64_t>(stat.st_mtime) * ns_per_s};
}

DatasetPtr try_open(const std::string& path) {
  return DatasetPtr{GDALOpenEx(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, nullptr,
                               nullptr, nullptr)};
}

// What the system says of a file here; GDAL says of most failures only that it knows no
// such format.
std::optional<Error> system_failure(const std::string& path) {
  if (is_virtual(path)) return std::nullopt;
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number() < 0) return file_failure(errno, "read", path);
  struct stat stat{};
  if (::fstat(file.number(), &stat) == 0 && S_ISDIR(stat.st_mode))
    return invalid("'{}' is a folder, not a raster", short_name(path));
  return std::nullopt;
}

Error open_error(const std::string& path, const GdalErrors& errors) {
  const std::string name = short_name(path);
  if (const auto said = system_failure(path)) return *said;
  if (is_remote(path)) {
    if (errors.mention({"403", "forbidden", "access denied", "signature", "credential"}))
      return failure(ErrorKind::denied, "the store does not let us read '{}'", name);
    if (errors.mention({"timed out", "timeout", "could not resolve", "connect",
                        "http error code : 5", "slow down"}))
      return failure(ErrorKind::unavailable, "the store of '{}' does not answer", name);
    if (errors.mention({"404", "not found", "does not exist", "no such"}))
      return failure(ErrorKind::not_found, "there is no file '{}'", name);
  }
  if (errors.mention({"permission denied"}))
    return failure(ErrorKind::denied, "'{}' may not be read", name);
  if (errors.mention({"too many open files"}))
    return failure(ErrorKind::unavailable, "too many files are open");
  return failure(ErrorKind::corrupt_data, "'{}' is not a raster, or it is damaged", name);
}

}  // namespace

FileIdentity file_identity(const std::string& path) {
  if (is_remote(path)) return remote_identity();
  if (is_virtual(path)) return virtual_identity(path);
  struct stat stat{};
  if (::stat(path.c_str(), &stat) == 0)
    return {.size = static_cast<std::uint64_t>(stat.st_size),
            .time = stat.st_mtim.tv_sec * ns_per_s + stat.st_mtim.tv_nsec,
            .node = stat.st_ino};
  const bool denied = errno == EACCES || errno == EPERM;
  Error error =
      denied ? failure(ErrorKind::denied, "'{}' may not be read", short_name(path))
             : failure(ErrorKind::not_found, "there is no file '{}'", short_name(path));
  error.note("looking for {}", path);
  throw error;
}

bool is_tiff(void* dataset) {
  return std::string_view{GDALGetDriverShortName(GDALGetDatasetDriver(dataset))} ==
         "GTiff";
}

DatasetPtr open_dataset(const std::string& path) {
  const GdalErrors errors;
  DatasetPtr dataset = try_open(path);
  if (!is_remote(path) && (!dataset || !is_tiff(dataset.get()))) {
    const ThreadOption look_beside{"GDAL_DISABLE_READDIR_ON_OPEN", "FALSE"};
    if (DatasetPtr with_side_files = try_open(path)) dataset = std::move(with_side_files);
  }
  if (!dataset) {
    Error error = errors.explain(open_error(path, errors));
    error.note("opening {}", path);
    throw error;
  }
  if (GDALGetRasterCount(dataset.get()) == 0)
    throw failure(ErrorKind::unsupported,
                  "'{}' holds no bands of its own; name one of its parts",
                  short_name(path));
  return dataset;
}

std::optional<OpenFile> HandlePool::take(const std::string& path,
                                         const FileIdentity& identity) {
  List taken;  // closed after the lock is released
  const std::lock_guard lock{lock_};
  for (;;) {
    const auto found = by_path_.find(path);
    if (found == by_path_.end()) return std::nullopt;
    taken.splice(taken.begin(), files_, found->second);
    by_path_.erase(found);
    if (taken.front().facts->identity == identity) return std::move(taken.front());
  }
}

void HandlePool::give(OpenFile file) {
  List surplus;  // closed after the lock is released
  List fresh;
  fresh.push_back(std::move(file));
  const std::lock_guard lock{lock_};
  by_path_.emplace(fresh.front().facts->path, fresh.begin());  // the last that may throw
  files_.splice(files_.begin(), fresh);
  while (files_.size() > most_idle_) {
    const auto last = std::prev(files_.end());
    auto [entry, end] = by_path_.equal_range(last->facts->path);
    while (entry != end && entry->second != last) ++entry;
    by_path_.erase(entry);
    surplus.splice(surplus.begin(), files_, last);
  }
}

std::size_t HandlePool::idle() const {
  const std::lock_guard lock{lock_};
  return files_.size();
}

Lease::~Lease() {
  if (!keep_) return;
  try {
    pool_.give(std::move(file_));
  } catch (...) {  // out of memory: the handle is closed instead
    return;
  }
}

}  // namespace terrazzo::formats
