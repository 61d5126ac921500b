#pragma once
// One number of bytes for several caches. Each has a share; a share moves, a step at a
// time, to the cache where it saves most.
//
//   Budget budget{512 << 20};
//   const auto seat = budget.add("blocks", 3, blocks);
//   budget.note();  // whenever something was made

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/cache_shelf.hpp"

namespace terrazzo {

// Safe from any thread. The sum of the shares never exceeds the budget.
//
// A step is a sixteenth of the budget. Each cache counts the hits that one step less
// would have made misses, and the misses that four steps more would have made hits, of
// which a quarter goes for one step; both count as much as it costs the cache to make a
// value, on average. A step goes from the cache that would lose least to the one that
// would gain most, if that is a quarter more. No cache falls below a quarter of a step.
// Values are destroyed where no lock is held.
class Budget : public std::enable_shared_from_this<Budget> {
 public:
  static std::shared_ptr<Budget> of(std::size_t max_bytes) {
    return std::shared_ptr<Budget>{new Budget{max_bytes}};
  }
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  std::size_t max_bytes() const noexcept { return max_bytes_; }

  // What the budget knows of a cache.
  struct Tenant {
    std::string name{};
    double weight = 1;  // of its share at the beginning, beside the others'
    std::function<CacheFigures()> figures{};
    // As Cache::resize().
    std::function<std::shared_ptr<void>(std::size_t bytes, std::size_t margin)> resize{};
    double make_seconds = 0;  // what making a value costs; 0: as its figures say
  };

  // The cache's place in the budget, until it is destroyed: before the cache is.
  using Seat = std::shared_ptr<void>;

  // The shares of all begin anew, by their weights.
  [[nodiscard]] Seat add(Tenant tenant);
  template <class C>
  [[nodiscard]] Seat add(std::string_view name, double weight, C& cache) {
    return add({std::string{name}, weight, [&cache] { return cache.figures(); },
                [&cache](std::size_t bytes, std::size_t margin) {
                  return cache.resize(bytes, margin);
                }});
  }

  // To be called whenever a value was made; after each `period` calls shares may move.
  void note();
  static constexpr std::uint64_t period = 256;

  // Moves at most one step, by what was counted since the last time.
  void balance();

  struct Share {
    std::string name;
    CacheFigures figures;
  };
  std::vector<Share> shares() const;

 private:
  struct Account {
    Tenant tenant;
    std::size_t bytes = 0;
    CacheFigures before{};
    double gain = 0;  // seconds that one step more would have saved since then
    double loss = 0;  // seconds that one step less would have cost
  };
  using Accounts = std::list<Account>;

  explicit Budget(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  void share_out(std::vector<std::shared_ptr<void>>& gone);
  void review();

  const std::size_t max_bytes_;
  std::atomic<std::uint64_t> notes_{0};
  mutable std::mutex mutex_;  // guards what follows; no value is destroyed under it
  Accounts accounts_;
};

}  // namespace terrazzo
