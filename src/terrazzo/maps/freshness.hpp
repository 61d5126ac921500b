#pragma once
// Whether what a picture was planned from is still so. Nobody outside this folder
// includes this.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/io/raster.hpp"

namespace terrazzo::maps {

// Which content a file had when it was looked at. A file of this machine is known by its
// size, place and times, one on another machine by its generation; one that cannot be
// asked (a file that is missing, an object whose reader cannot tell) by the minute, as
// another each minute.
struct Sighting {
  std::string path{};  // or a URL
  io::Generation generation{};
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t modified = 0;  // nanoseconds
  std::int64_t changed = 0;   // likewise
  std::int64_t minute = 0;    // 0: it could be asked
  bool is_near = false;       // asking again never waits for another machine

  // For keys of caches; the path is not in it.
  std::string text() const;
  // Asks again, if that cannot wait; else false, but for what a generation is believed.
  bool still_holds() const noexcept;
};

// Of a file of this machine, or of a URL whose generation is unknown.
Sighting look_at(const std::string& uri);

// When the catalogue was last asked whether it has changed, and what it said. While that
// is of interest, a thread asks now and then, so that others need not.
class CatalogueWatch {
 public:
  explicit CatalogueWatch(const catalog::Catalog& catalog);

  // Asks; as Catalog::change_counter().
  std::uint64_t ask() const;

  // Was that the answer when it was last asked, and is that not longer ago than
  // `believed_for`? Never waits.
  bool still_is(std::uint64_t counter) const;

  static constexpr auto believed_for = std::chrono::milliseconds{200};
  static constexpr auto asked_every = std::chrono::milliseconds{50};

 private:
  void keep_asking(const std::stop_token& stop) const;

  const catalog::Catalog& catalog_;
  mutable std::mutex mutex_;  // not held while the catalogue is asked
  mutable std::condition_variable_any woken_;
  mutable bool is_wanted_ = false;  // somebody has relied on an answer since the last
  mutable std::uint64_t counter_ = 0;
  mutable std::chrono::steady_clock::time_point asked_{};  // the epoch: never
  std::jthread thread_;                                    // last: it uses the rest
};

}  // namespace terrazzo::maps
