#include "terrazzo/maps/freshness.hpp"

#include <sys/stat.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <exception>

#include <fmt/format.h>

#include "terrazzo/io/byte_source.hpp"

namespace terrazzo::maps {
namespace {

using Clock = std::chrono::steady_clock;

// File systems whose files are on this machine (statfs(2)): ext, XFS, Btrfs, ZFS, tmpfs,
// overlayfs, F2FS, SquashFS.
constexpr std::array<std::uint64_t, 8> near_systems{0xEF53,     0x58465342, 0x9123683E,
                                                    0x2FC12FC1, 0x01021994, 0x794C7630,
                                                    0xF2F52010, 0x73717368};

constexpr std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::int64_t this_minute() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::minutes>(now).count();
}

bool is_near_system(const std::string& path) {
  struct statfs facts{};
  return ::statfs(path.c_str(), &facts) == 0 &&
         std::ranges::find(near_systems, static_cast<std::uint64_t>(facts.f_type)) !=
             near_systems.end();
}

// False: there is no such file.
bool fill_in(Sighting& sighting) noexcept {
  struct stat facts{};
  if (::stat(sighting.path.c_str(), &facts) != 0) return false;
  sighting.size = static_cast<std::uint64_t>(facts.st_size);
  sighting.inode = facts.st_ino;
  sighting.modified = nanoseconds(facts.st_mtim);
  sighting.changed = nanoseconds(facts.st_ctim);
  return true;
}

}  // namespace

std::string Sighting::text() const {
  if (!generation.text.empty()) return fmt::format("g{}", generation.text);
  if (minute != 0) return fmt::format("m{}", minute);
  return fmt::format("{}.{}.{}.{}", size, inode, modified, changed);
}

bool Sighting::still_holds() const noexcept {
  if (!generation.text.empty()) return Clock::now() < generation.until;
  if (!io::local_path(path)) return minute == this_minute();
  if (!is_near) return false;
  struct stat facts{};
  return ::stat(path.c_str(), &facts) == 0 &&
         size == static_cast<std::uint64_t>(facts.st_size) && inode == facts.st_ino &&
         modified == nanoseconds(facts.st_mtim) && changed == nanoseconds(facts.st_ctim);
}

Sighting look_at(const std::string& uri) {
  const auto path = io::local_path(uri);
  Sighting sighting{.path = path.value_or(uri)};
  if (path && fill_in(sighting)) {
    sighting.is_near = is_near_system(*path);
  } else {
    sighting.minute = this_minute();
  }
  return sighting;
}

CatalogueWatch::CatalogueWatch(const catalog::Catalog& catalog)
    : catalog_(catalog),
      thread_([this](const std::stop_token& stop) { keep_asking(stop); }) {}

std::uint64_t CatalogueWatch::ask() const {
  // Taken before the answer, which so is never believed for too long.
  const auto now = Clock::now();
  const std::uint64_t counter = catalog_.change_counter();
  const std::lock_guard lock{mutex_};
  if (now < asked_) return counter;
  counter_ = counter;
  asked_ = now;
  return counter;
}

bool CatalogueWatch::still_is(std::uint64_t counter) const {
  const std::lock_guard lock{mutex_};
  if (!is_wanted_) {
    is_wanted_ = true;
    woken_.notify_one();
  }
  return counter_ == counter && asked_ != Clock::time_point{} &&
         Clock::now() - asked_ < believed_for;
}

void CatalogueWatch::keep_asking(const std::stop_token& stop) const {
  std::unique_lock lock{mutex_};
  while (woken_.wait(lock, stop, [&] { return is_wanted_; })) {
    // Only a stop ends this early.
    woken_.wait_for(lock, stop, asked_every, [] { return false; });
    if (stop.stop_requested()) return;
    is_wanted_ = false;
    lock.unlock();
    try {
      ask();
    } catch (const std::exception&) {  // a request will meet the same, and say so
    }
    lock.lock();
  }
}

}  // namespace terrazzo::maps
