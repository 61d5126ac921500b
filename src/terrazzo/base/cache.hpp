#pragma once
// Values that are costly to make, kept while they fit.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "terrazzo/base/cache_shelf.hpp"
#include "terrazzo/base/context.hpp"
#include "terrazzo/base/error.hpp"
#include "terrazzo/base/waiting.hpp"

namespace terrazzo {

// What size_of() says of a value that is given to those who asked for it, but not kept.
inline constexpr std::size_t never_kept = std::numeric_limits<std::size_t>::max() / 2;

// Keeps the values used last within a budget of bytes, and lets one caller make a value
// that several ask for at once. Safe from any thread; no lock is held while a value is
// made or destroyed.
template <class Key, class Value, class Hash = std::hash<Key>>
class Cache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  // What an entry costs besides its value and the text of its key.
  static constexpr std::size_t entry_bytes = 2 * sizeof(Key) + 96;

  // max_bytes: 0 keeps nothing; equal requests at the same time still share one value.
  // The budget is split among shards of 16 MiB or more, 16 at most; a value too large
  // for its shard is not kept.
  explicit Cache(std::size_t max_bytes)
      : shards_(std::clamp<std::size_t>(max_bytes / least_shard, 1, most_shards)) {
    (void)resize(max_bytes, 0);
  }

  // Another budget. margin: by how much it may change next time; figures() then say what
  // that would change. What has no room any more is in what is returned, to be destroyed
  // where no lock is held.
  [[nodiscard]] std::shared_ptr<void> resize(std::size_t max_bytes, std::size_t margin) {
    const auto gone = std::make_shared<Entries>();
    for (Shard& shard : shards_) {
      const std::lock_guard lock{shard.mutex};
      shard.shelf.resize(max_bytes / shards_.size(), margin / shards_.size(), *gone);
    }
    return gone;
  }

  // The kept value, or the one make() gives: a Value or a Pointer, not null.
  // size_of(value) is its bytes.
  //
  // Throws  what make() throws; nothing is kept then, and those who waited get a copy,
  //         except that of cancelled and timeout: it was the maker's patience that ended,
  //         so one of them makes the value instead.
  //         cancelled, timeout: the context of a caller who waits has ended.
  //         internal: make() asked for the key it is making.
  template <class Make, class SizeOf>
  Pointer get_or_make(const Key& key, Make&& make, SizeOf&& size_of,
                      const Context& context = {}) {
    Shard& shard = shard_of(key);
    for (;;) {
      const Boarding boarding = board(shard, key);
      if (boarding.kept) return boarding.kept;
      if (!boarding.flight) return made(shard, key, make, size_of);
      if (Pointer value = waited_for(*boarding.flight, context)) return value;
    }
  }

  // As get_or_make() for several keys, no two of them equal, with one call for all that
  // nobody has and nobody is making: make(missing) gives their Values in the order of
  // `missing`, a span of indices into keys. If it throws, none of them is kept.
  template <class Make, class SizeOf>
  std::vector<Pointer> get_or_make_all(std::span<const Key> keys, Make&& make,
                                       SizeOf&& size_of, const Context& context = {}) {
    std::vector<Pointer> values(keys.size());
    std::vector<std::shared_ptr<Flight>> flights(keys.size());
    bool complete = false;
    while (!complete) {
      make_missing(keys, values, flights, make, size_of);
      complete = true;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!values[i]) values[i] = waited_for(*flights[i], context);
        if (!values[i]) complete = false;
      }
    }
    return values;
  }

  // Null if it is not kept. Does not wait.
  Pointer find(const Key& key) {
    Shard& shard = shard_of(key);
    const std::lock_guard lock{shard.mutex};
    return shard.shelf.find(key);
  }

  void erase(const Key& key) {
    Shard& shard = shard_of(key);
    Entries gone;
    const std::lock_guard lock{shard.mutex};
    shard.shelf.erase(key, gone);
  }

  void clear() {
    for (Shard& shard : shards_) {
      Entries gone;
      const std::lock_guard lock{shard.mutex};
      shard.shelf.clear(gone);
    }
  }

  CacheFigures figures() const {
    CacheFigures sum;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock{shard.mutex};
      const CacheFigures part = shard.shelf.summary();
      sum.hits += part.hits;
      sum.joined += part.joined;
      sum.misses += part.misses;
      sum.evicted += part.evicted;
      sum.entries += part.entries;
      sum.bytes += part.bytes;
      sum.max_bytes += part.max_bytes;
      sum.near_misses += part.near_misses;
      sum.late_hits += part.late_hits;
      sum.make_seconds += part.make_seconds;
    }
    return sum;
  }

 private:
  using Shelf = CacheShelf<Key, Value, Hash>;
  using Entries = typename Shelf::Entries;
  using Clock = std::chrono::steady_clock;

  static constexpr std::size_t least_shard = std::size_t{16} << 20U;
  static constexpr std::size_t most_shards = 16;

  // A value that is being made.
  struct Flight {
    const std::thread::id maker = std::this_thread::get_id();
    std::mutex mutex;
    std::condition_variable_any ended;
    bool done = false;
    Pointer value;                // null: it failed
    std::optional<Error> error;   // a copy: the maker may still add notes to its own
    std::exception_ptr stranger;  // an exception that is no Error
  };

  struct Shard {
    mutable std::mutex mutex;
    Shelf shelf;
    std::unordered_map<Key, std::shared_ptr<Flight>, Hash> flights;
  };

  Shard& shard_of(const Key& key) {
    // The map inside uses the low bits of the hash; these are others.
    const auto mixed = static_cast<std::uint64_t>(Hash{}(key)) * 0x9E3779B97F4A7C15U;
    return shards_[(mixed >> 32U) % shards_.size()];
  }

  // What a caller finds: the value, or somebody who makes it; neither: it has begun a
  // flight and must end it.
  struct Boarding {
    Pointer kept;
    std::shared_ptr<Flight> flight;
  };

  static Boarding board(Shard& shard, const Key& key) {
    const std::lock_guard lock{shard.mutex};
    if (Pointer kept = shard.shelf.find(key)) return {kept, nullptr};
    if (const auto at = shard.flights.find(key); at != shard.flights.end()) {
      ++shard.shelf.figures.joined;
      return {nullptr, at->second};
    }
    shard.shelf.count_miss(key);
    shard.flights.emplace(key, std::make_shared<Flight>());
    return {};
  }

  // Fills in the values that are kept and those that nobody else makes, and the flights
  // of the rest.
  template <class Make, class SizeOf>
  void make_missing(std::span<const Key> keys, std::vector<Pointer>& values,
                    std::vector<std::shared_ptr<Flight>>& flights, Make& make,
                    SizeOf& size_of) {
    std::vector<std::size_t> mine;
    mine.reserve(keys.size());
    const auto end_mine = [&](const std::optional<Error>& error,
                              const std::exception_ptr& stranger) {
      for (const std::size_t i : mine)
        if (!values[i]) end_flight(shard_of(keys[i]), keys[i], nullptr, error, stranger);
    };
    try {
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if (values[i]) continue;
        const Boarding boarding = board(shard_of(keys[i]), keys[i]);
        values[i] = boarding.kept;
        flights[i] = boarding.flight;
        if (!boarding.kept && !boarding.flight) mine.push_back(i);
      }
      if (mine.empty()) return;
      const auto start = Clock::now();
      std::vector<Value> made = make(std::span<const std::size_t>{mine});
      const double each = seconds_since(start) / static_cast<double>(mine.size());
      for (std::size_t j = 0; j < mine.size(); ++j)
        values[mine[j]] =
            landed(shard_of(keys[mine[j]]), keys[mine[j]],
                   std::make_shared<const Value>(std::move(made.at(j))), size_of, each);
    } catch (const Error& e) {
      end_mine(e, nullptr);
      throw;
    } catch (...) {
      end_mine(std::nullopt, std::current_exception());
      throw;
    }
  }

  // Keeps the value and ends its flight.
  template <class SizeOf>
  Pointer landed(Shard& shard, const Key& key, Pointer value, SizeOf& size_of,
                 double seconds) {
    Entries gone;
    const std::size_t bytes =
        static_cast<std::size_t>(size_of(*value)) + entry_bytes + text_bytes(key);
    {
      const std::lock_guard lock{shard.mutex};
      shard.shelf.keep(key, value, bytes, gone);
      shard.shelf.figures.make_seconds += seconds;
    }
    end_flight(shard, key, value, std::nullopt, nullptr);
    return value;
  }

  static std::size_t text_bytes(const Key& key) {
    if constexpr (std::is_same_v<Key, std::string>) return 2 * key.size();
    return 0;
  }

  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  // Makes the value of the flight that this caller has begun, and ends the flight.
  template <class Make, class SizeOf>
  Pointer made(Shard& shard, const Key& key, Make& make, SizeOf& size_of) {
    try {
      const auto start = Clock::now();
      Pointer value;
      if constexpr (std::is_convertible_v<std::invoke_result_t<Make&>, Pointer>)
        value = make();
      else
        value = std::make_shared<const Value>(make());
      return landed(shard, key, std::move(value), size_of, seconds_since(start));
    } catch (const Error& e) {
      end_flight(shard, key, nullptr, e, nullptr);
      throw;
    } catch (...) {
      end_flight(shard, key, nullptr, std::nullopt, std::current_exception());
      throw;
    }
  }

  void end_flight(Shard& shard, const Key& key, Pointer value, std::optional<Error> error,
                  std::exception_ptr stranger) {
    std::shared_ptr<Flight> flight;
    {
      const std::lock_guard lock{shard.mutex};
      const auto at = shard.flights.find(key);
      flight = std::move(at->second);
      shard.flights.erase(at);
    }
    const std::lock_guard lock{flight->mutex};
    flight->value = std::move(value);
    flight->error = std::move(error);
    flight->stranger = std::move(stranger);
    flight->done = true;
    flight->ended.notify_all();
  }

  // Null: the maker gave up; try again.
  static Pointer waited_for(Flight& flight, const Context& context) {
    if (flight.maker == std::this_thread::get_id())
      throw failure(ErrorKind::internal, "a value is needed to make itself");
    const Waiting waiting;
    std::unique_lock lock{flight.mutex};
    while (!flight.done) {
      context.check();
      // Far deadlines overflow in some clocks.
      const auto soon = Context::Clock::now() + std::chrono::hours{1};
      flight.ended.wait_until(lock, context.stop, std::min(context.deadline, soon),
                              [&] { return flight.done; });
    }
    if (flight.value) return flight.value;
    if (!flight.error) std::rethrow_exception(flight.stranger);
    const ErrorKind kind = flight.error->kind();
    if (kind == ErrorKind::cancelled || kind == ErrorKind::timeout) {
      context.check();
      return nullptr;
    }
    throw Error{*flight.error};
  }

  std::vector<Shard> shards_;
};

}  // namespace terrazzo
