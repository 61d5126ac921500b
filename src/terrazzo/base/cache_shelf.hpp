#pragma once
// What a Cache keeps, in the order of its use; one shelf for each of its locks.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>

namespace terrazzo {

struct CacheFigures {
  std::uint64_t hits = 0;     // found
  std::uint64_t joined = 0;   // another caller was making it
  std::uint64_t misses = 0;   // made here
  std::uint64_t evicted = 0;  // went to make room
  std::size_t entries = 0;
  std::size_t bytes = 0;  // of the entries, as size_of says, plus entry_bytes each
  std::size_t max_bytes = 0;
  // What another budget would change; see Cache::resize().
  static constexpr int near_margins = 4;
  std::uint64_t near_misses = 0;  // hits, if it were larger by that many margins
  std::uint64_t late_hits = 0;    // misses, if it were smaller by one margin
  double make_seconds = 0;        // that making took, all misses together
};

// Not safe from several threads: its cache has a lock for it. What goes is moved to a
// list, to be destroyed after the lock is released.
template <class Key, class Value, class Hash>
class CacheShelf {
 public:
  using Pointer = std::shared_ptr<const Value>;

  struct Entry {
    Key key;
    Pointer value;
    std::size_t bytes;
    bool is_late = false;
  };
  using Entries = std::list<Entry>;

  // Null if it is not there; else it is the one used last.
  Pointer find(const Key& key) {
    const auto at = places_.find(key);
    if (at == places_.end()) return nullptr;
    ++figures.hits;
    const auto entry = at->second;
    if (entry->is_late) {
      ++figures.late_hits;
      late_bytes_ -= entry->bytes;
      entry->is_late = false;
      early_.splice(early_.begin(), late_, entry);
      age();
    } else {
      early_.splice(early_.begin(), early_, entry);
    }
    return entry->value;
  }

  // One that is too large is not kept, but missed if it is asked for again.
  void keep(const Key& key, const Pointer& value, std::size_t bytes, Entries& gone) {
    if (bytes > max_bytes_) return remember(key, bytes);
    gone.push_back({key, value, bytes});  // may throw; from here on only places may
    places_.emplace(key, gone.begin());
    early_.splice(early_.begin(), gone, gone.begin());
    bytes_ += bytes;
    age();
    make_room(gone);
  }

  void erase(const Key& key, Entries& gone) {
    if (const auto at = places_.find(key); at != places_.end()) remove(at->second, gone);
  }

  void clear(Entries& gone) {
    while (!early_.empty()) remove(early_.begin(), gone);
    while (!late_.empty()) remove(late_.begin(), gone);
  }

  void resize(std::size_t max_bytes, std::size_t margin, Entries& gone) {
    max_bytes_ = max_bytes;
    margin_ = margin;
    forget();
    age();
    make_room(gone);
  }

  // Somebody has to make this one.
  void count_miss(const Key& key) {
    ++figures.misses;
    const auto ghost = ghost_places_.find(Hash{}(key));
    if (ghost == ghost_places_.end()) return;
    ++figures.near_misses;
    ghost_bytes_ -= ghost->second->bytes;
    ghosts_.erase(ghost->second);
    ghost_places_.erase(ghost);
  }

  CacheFigures summary() const {
    CacheFigures all = figures;
    all.entries = places_.size();
    all.bytes = bytes_;
    all.max_bytes = max_bytes_;
    return all;
  }

  CacheFigures figures;  // but for what summary() fills in

 private:
  static constexpr std::size_t most_ghosts = 4096;

  // An entry that had to go; its hash stands for its key.
  struct Ghost {
    std::size_t hash;
    std::size_t bytes;
  };

  void remove(typename Entries::iterator entry, Entries& gone) {
    bytes_ -= entry->bytes;
    if (entry->is_late) late_bytes_ -= entry->bytes;
    places_.erase(entry->key);
    gone.splice(gone.begin(), entry->is_late ? late_ : early_, entry);
  }

  // What a budget smaller by the margin would not hold is late.
  void age() {
    if (margin_ == 0) return;
    const std::size_t smaller = max_bytes_ - std::min(margin_, max_bytes_);
    while (!early_.empty() && bytes_ - late_bytes_ > smaller) {
      const auto last = std::prev(early_.end());
      last->is_late = true;
      late_bytes_ += last->bytes;
      late_.splice(late_.begin(), early_, last);
    }
  }

  void make_room(Entries& gone) {
    while (bytes_ > max_bytes_) {
      const auto last = std::prev(late_.empty() ? early_.end() : late_.end());
      remember(last->key, last->bytes);
      remove(last, gone);
      ++figures.evicted;
    }
  }

  void remember(const Key& key, std::size_t bytes) {
    if (bytes > CacheFigures::near_margins * margin_) return;
    const std::size_t hash = Hash{}(key);
    if (ghost_places_.contains(hash)) return;
    ghosts_.push_front({hash, bytes});
    ghost_places_.emplace(hash, ghosts_.begin());
    ghost_bytes_ += bytes;
    forget();
  }

  void forget() {
    while (ghost_bytes_ > CacheFigures::near_margins * margin_ ||
           ghosts_.size() > most_ghosts) {
      ghost_bytes_ -= ghosts_.back().bytes;
      ghost_places_.erase(ghosts_.back().hash);
      ghosts_.pop_back();
    }
  }

  Entries early_;  // the one used last is first
  Entries late_;   // all used before those; the next to go is last
  std::unordered_map<Key, typename Entries::iterator, Hash> places_;
  std::list<Ghost> ghosts_;  // the one that went last is first
  std::unordered_map<std::size_t, typename std::list<Ghost>::iterator> ghost_places_;
  std::size_t max_bytes_ = 0;
  std::size_t margin_ = 0;
  std::size_t bytes_ = 0;       // of early_ and late_
  std::size_t late_bytes_ = 0;  // of late_
  std::size_t ghost_bytes_ = 0;
};

}  // namespace terrazzo
