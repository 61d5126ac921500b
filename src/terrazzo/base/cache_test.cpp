#include "terrazzo/base/cache.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <latch>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace terrazzo;
using namespace std::chrono_literals;

namespace {

using Strings = Cache<int, std::string>;
constexpr std::size_t overhead = Strings::entry_bytes;

std::size_t size_of(const std::string& text) { return text.size(); }

std::string ten(int key) { return std::string(10, static_cast<char>('a' + key)); }

// Asks for a key; counts in `made` if it had to be made.
Strings::Pointer ask(Strings& cache, int key, int& made) {
  return cache.get_or_make(
      key,
      [&] {
        ++made;
        return ten(key);
      },
      size_of);
}

// Somebody who makes `key` until released, and what he gets in the end.
struct SlowMaker {
  template <class Make>
  SlowMaker(Strings& cache, int key, Make make)
      : result(std::async(std::launch::async, [this, &cache, key, make] {
          return cache.get_or_make(
              key,
              [&] {
                began.count_down();
                go.wait();
                return make();
              },
              size_of);
        })) {
    began.wait();
  }
  std::latch began{1};
  std::latch go{1};
  std::future<Strings::Pointer> result;
};

void wait_until_joined(const Strings& cache, std::uint64_t count) {
  while (cache.figures().joined < count) std::this_thread::sleep_for(1ms);
}

}  // namespace

TEST_CASE("a value is made once and found afterwards") {
  Strings cache{1000};
  int made = 0;
  CHECK(*ask(cache, 1, made) == ten(1));
  CHECK(*ask(cache, 1, made) == ten(1));
  CHECK(made == 1);
  CHECK(cache.find(1) != nullptr);
  CHECK(cache.find(2) == nullptr);
  const auto figures = cache.figures();
  CHECK(figures.misses == 1);
  CHECK(figures.hits == 2);
  CHECK(figures.entries == 1);
  CHECK(figures.bytes == 10 + overhead);
}

TEST_CASE("the value not used for longest goes when the budget is spent") {
  Strings cache{3 * (10 + overhead)};
  int made = 0;
  for (const int key : {1, 2, 3, 1, 4}) ask(cache, key, made);
  CHECK(cache.find(2) == nullptr);
  for (const int key : {1, 3, 4}) CHECK(cache.find(key) != nullptr);
  CHECK(cache.figures().evicted == 1);
  CHECK(cache.figures().bytes == 3 * (10 + overhead));
}

TEST_CASE("a value in use outlives its eviction") {
  Strings cache{10 + overhead};
  int made = 0;
  const auto value = ask(cache, 1, made);
  ask(cache, 2, made);
  CHECK(cache.find(1) == nullptr);
  CHECK(*value == ten(1));
}

TEST_CASE(
    "a value larger than the budget is given but not kept, and pushes nothing out") {
  Strings cache{10 + overhead};
  int made = 0;
  ask(cache, 1, made);
  const auto large = cache.get_or_make(2, [] { return std::string(11, 'x'); }, size_of);
  CHECK(large->size() == 11);
  CHECK(cache.find(2) == nullptr);
  CHECK(cache.find(1) != nullptr);
}

TEST_CASE("values can be erased one by one and all at once") {
  Strings cache{1000};
  int made = 0;
  for (const int key : {1, 2, 3}) ask(cache, key, made);
  cache.erase(2);
  cache.erase(99);
  CHECK(cache.find(2) == nullptr);
  CHECK(cache.figures().entries == 2);
  cache.clear();
  CHECK(cache.figures().entries == 0);
  CHECK(cache.figures().bytes == 0);
}

TEST_CASE("equal requests at the same time share one value, even if nothing is kept") {
  Strings cache{0};
  SlowMaker maker{cache, 1, [] { return ten(1); }};
  int made = 0;
  auto waiter = std::async(std::launch::async, [&] { return ask(cache, 1, made); });
  wait_until_joined(cache, 1);
  CHECK(*ask(cache, 2, made) == ten(2));  // other keys do not wait
  maker.go.count_down();
  CHECK(waiter.get() == maker.result.get());
  CHECK(made == 1);
  CHECK(cache.figures().entries == 0);
}

TEST_CASE("those who wait get the maker's error, and the next one tries again") {
  Strings cache{1000};
  SlowMaker maker{cache, 1, []() -> std::string { throw invalid("no such band"); }};
  int made = 0;
  auto waiter = std::async(std::launch::async, [&] { return ask(cache, 1, made); });
  wait_until_joined(cache, 1);
  maker.go.count_down();
  CHECK_THROWS_WITH_AS(waiter.get(), doctest::Contains("no such band"), Error);
  CHECK_THROWS_WITH_AS(maker.result.get(), doctest::Contains("no such band"), Error);
  CHECK(made == 0);
  CHECK(*ask(cache, 1, made) == ten(1));
}

TEST_CASE("an exception that is no Error reaches the waiters too") {
  Strings cache{1000};
  SlowMaker maker{cache, 1, []() -> std::string { throw std::runtime_error("odd"); }};
  int made = 0;
  auto waiter = std::async(std::launch::async, [&] { return ask(cache, 1, made); });
  wait_until_joined(cache, 1);
  maker.go.count_down();
  CHECK_THROWS_AS(waiter.get(), std::runtime_error);
  CHECK_THROWS_AS(maker.result.get(), std::runtime_error);
}

TEST_CASE("if the maker's own caller went away, one who waits makes the value") {
  Strings cache{1000};
  SlowMaker maker{cache, 1, []() -> std::string {
                    throw failure(ErrorKind::cancelled, "the caller went away");
                  }};
  int made = 0;
  auto waiter = std::async(std::launch::async, [&] { return ask(cache, 1, made); });
  wait_until_joined(cache, 1);
  maker.go.count_down();
  CHECK(*waiter.get() == ten(1));
  CHECK(made == 1);
  CHECK_THROWS_AS(maker.result.get(), Error);
}

TEST_CASE("who waits gives up at the deadline or when asked to stop") {
  Strings cache{1000};
  SlowMaker maker{cache, 1, [] { return ten(1); }};
  const auto wait = [&](const Context& context) {
    try {
      cache.get_or_make(1, [] { return ten(1); }, size_of, context);
    } catch (const Error& e) {
      return e.kind();
    }
    return ErrorKind::internal;
  };
  CHECK(wait({.deadline = Context::Clock::now() + 20ms}) == ErrorKind::timeout);
  std::stop_source stop;
  auto waiter =
      std::async(std::launch::async, [&] { return wait({.stop = stop.get_token()}); });
  wait_until_joined(cache, 2);
  stop.request_stop();
  CHECK(waiter.get() == ErrorKind::cancelled);
  maker.go.count_down();
  CHECK(*maker.result.get() == ten(1));
}

TEST_CASE("a value that needs itself is a bug, not a hang") {
  Strings cache{1000};
  CHECK_THROWS_WITH_AS(
      cache.get_or_make(
          1, [&] { return *cache.get_or_make(1, [] { return ten(1); }, size_of); },
          size_of),
      doctest::Contains("needed to make itself"), Error);
}

TEST_CASE("a maker may give a pointer, and a value that cannot be copied") {
  struct Fixed {
    explicit Fixed(int n) : number(n) {}
    Fixed(const Fixed&) = delete;
    int number;
  };
  Cache<std::string, Fixed> cache{1000};
  const auto value = cache.get_or_make(
      "k", [] { return std::make_shared<Fixed>(7); },
      [](const Fixed&) { return sizeof(Fixed); });
  CHECK(value->number == 7);
}

TEST_CASE("stress: many threads on few keys see right values and a kept budget") {
  constexpr std::size_t most = 4 * (10 + overhead);
  Strings cache{most};
  std::atomic<int> wrong = 0;
  std::atomic<int> making = 0;
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 6; ++t)
      threads.emplace_back([&, t] {
        unsigned seed = t + 1;
        for (int i = 0; i < 600; ++i) {
          seed = seed * 1664525U + 1013904223U;
          const int key = static_cast<int>((seed >> 16U) % 8U);
          const bool fails = (seed >> 24U) % 16U == 0;
          try {
            const auto value = cache.get_or_make(
                key,
                [&] {
                  ++making;
                  if (fails) throw invalid("no");
                  return ten(key);
                },
                size_of);
            if (*value != ten(key)) ++wrong;
          } catch (Error& e) {
            e.note("asking for {}", key);  // must not touch what others see
          }
          if ((seed >> 20U) % 64U == 0) cache.erase(key);
          if (cache.figures().bytes > most) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  const auto figures = cache.figures();
  CHECK(figures.misses == static_cast<std::uint64_t>(making));
  CHECK(figures.hits > 0);
}

TEST_CASE("a large budget is split among shards and still adds up") {
  Cache<int, std::string> cache{std::size_t{256} << 20U};
  int made = 0;
  for (int key = 0; key < 1000; ++key)
    cache.get_or_make(
        key,
        [&] {
          ++made;
          return std::to_string(key);
        },
        size_of);
  CHECK(made == 1000);
  CHECK(cache.figures().entries == 1000);
  CHECK(cache.figures().max_bytes == std::size_t{256} << 20U);
}

TEST_CASE("several values are made by one call, and only those that are not kept") {
  Cache<int, std::string> cache{std::size_t{1} << 20U};
  cache.get_or_make(2, [] { return std::string{"two"}; }, size_of);
  std::vector<std::vector<std::size_t>> calls;
  const auto make = [&](std::span<const std::size_t> missing) {
    calls.emplace_back(missing.begin(), missing.end());
    std::vector<std::string> values;
    for (const std::size_t i : missing) values.push_back("made " + std::to_string(i));
    return values;
  };
  const std::vector<int> keys{1, 2, 3};
  const auto values = cache.get_or_make_all(std::span{keys}, make, size_of);
  REQUIRE(values.size() == 3);
  CHECK(*values[0] == "made 0");
  CHECK(*values[1] == "two");
  CHECK(*values[2] == "made 2");
  CHECK(calls == std::vector<std::vector<std::size_t>>{{0, 2}});
  cache.get_or_make_all(std::span{keys}, make, size_of);
  CHECK(calls.size() == 1);
}

TEST_CASE("values that could not be made together can be asked for again") {
  Cache<int, std::string> cache{std::size_t{1} << 20U};
  const std::vector<int> keys{1, 2};
  const auto fail = [](std::span<const std::size_t>) -> std::vector<std::string> {
    throw invalid("no");
  };
  CHECK_THROWS_AS(cache.get_or_make_all(std::span{keys}, fail, size_of), Error);
  CHECK(*cache.get_or_make(1, [] { return std::string{"one"}; }, size_of) == "one");
  CHECK(*cache.get_or_make(2, [] { return std::string{"two"}; }, size_of) == "two");
}

TEST_CASE("threads that ask for overlapping sets make each value once") {
  Cache<int, std::string> cache{std::size_t{1} << 20U};
  std::atomic<int> made = 0;
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int first = 0; first < 200; ++first) {
          const int start = t % 2 == 0 ? first : 199 - first;
          const std::vector<int> keys{start, start + 1, start + 2};
          const auto values = cache.get_or_make_all(
              std::span{keys},
              [&](std::span<const std::size_t> missing) {
                std::vector<std::string> now;
                for (const std::size_t i : missing)
                  now.push_back(std::to_string(keys[i]));
                made += static_cast<int>(now.size());
                return now;
              },
              size_of);
          for (std::size_t i = 0; i < keys.size(); ++i)
            if (*values[i] != std::to_string(keys[i])) ++wrong;
        }
      });
  }
  CHECK(wrong == 0);
  CHECK(made == 202);
}
