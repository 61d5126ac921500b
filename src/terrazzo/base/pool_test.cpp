#include "terrazzo/base/pool.hpp"

#include <doctest/doctest.h>
#if defined(__linux__)
#include <sys/resource.h>
#endif

#include <algorithm>
#include <atomic>
#include <future>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/waiting.hpp"

using namespace terrazzo;

namespace {

// Keeps one thread of the pool busy until it is let go.
class Blocker {
 public:
  explicit Blocker(Pool& pool) {
    REQUIRE(pool.try_post([this] {
      began_.set_value();
      go_.get_future().wait();
    }));
    began_.get_future().wait();
  }
  void release() { go_.set_value(); }

 private:
  std::promise<void> began_;
  std::promise<void> go_;
};

}  // namespace

TEST_CASE("every job that was taken runs before the pool has stopped") {
  std::atomic<int> runs = 0;
  Pool pool{3, 1000};
  for (int i = 0; i < 500; ++i) REQUIRE(pool.try_post([&] { ++runs; }));
  pool.stop();
  CHECK(runs == 500);
  CHECK(pool.figures().done == 500);
  CHECK_FALSE(pool.try_post([&] { ++runs; }));
  CHECK(pool.figures().refused == 1);
  pool.stop();
}

TEST_CASE("a full queue refuses and says how full it is") {
  Pool pool{1, 2};
  Blocker blocker{pool};
  CHECK(pool.try_post([] {}));
  CHECK(pool.try_post([] {}));
  CHECK_FALSE(pool.try_post([] {}));
  const auto figures = pool.figures();
  CHECK(figures.threads == 1);
  CHECK(figures.queued == 2);
  CHECK(figures.running == 1);
  CHECK(figures.refused == 1);
  blocker.release();
  pool.stop();
  CHECK(pool.figures().queued == 0);
  CHECK(pool.figures().done == 3);
}

TEST_CASE("what a job throws is counted and the thread lives on") {
  log::configure(log::Level::critical, log::Format::plain);
  Pool pool{1, 10};
  std::atomic<int> runs = 0;
  CHECK(pool.try_post([] { throw std::runtime_error("no"); }));
  CHECK(pool.try_post([] { throw 5; }));
  CHECK(pool.try_post([&] { ++runs; }));
  pool.stop();
  log::configure(log::Level::warning, log::Format::plain);
  CHECK(runs == 1);
  CHECK(pool.figures().failed == 2);
  CHECK(pool.figures().done == 3);
}

TEST_CASE("parallel_for calls every index once") {
  for (const std::size_t threads : {0U, 1U, 4U}) {
    Pool pool{threads, 0};
    for (const std::size_t n : {0U, 1U, 2U, 1000U}) {
      std::vector<std::atomic<int>> calls(n);
      pool.parallel_for(n, [&](std::size_t i) { ++calls[i]; });
      for (const auto& count : calls) CHECK(count == 1);
    }
  }
}

TEST_CASE("parallel_for carries an exception to its caller and stops early") {
  Pool pool{2, 0};
  std::atomic<int> calls = 0;
  CHECK_THROWS_WITH_AS(pool.parallel_for(100'000,
                                         [&](std::size_t i) {
                                           ++calls;
                                           if (i == 10) throw invalid("row {} is bad", i);
                                         }),
                       doctest::Contains("row 10 is bad"), Error);
  CHECK(calls < 100'000);
  pool.parallel_for(3, [&](std::size_t) {});
  CHECK(pool.figures().failed == 0);
}

TEST_CASE("parallel_for in parallel_for in jobs ends, even if no thread is free") {
  Pool pool{2, 100};
  std::atomic<int> calls = 0;
  for (int job = 0; job < 8; ++job)
    REQUIRE(pool.try_post([&] {
      pool.parallel_for(
          5, [&](std::size_t) { pool.parallel_for(7, [&](std::size_t) { ++calls; }); });
    }));
  pool.stop();
  CHECK(calls == 8 * 5 * 7);
}

TEST_CASE("without threads jobs run on whoever posts them") {
  Pool pool{0, 0};
  std::thread::id where;
  CHECK(pool.try_post([&] { where = std::this_thread::get_id(); }));
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("a job that waits for others leaves its place to the next") {
  std::promise<void> answer;
  std::promise<void> waits;
  std::promise<void> ran;
  Pool pool{1, 10};
  REQUIRE(pool.try_post([&] {
    const Waiting waiting;
    waits.set_value();
    answer.get_future().wait();
  }));
  SUBCASE("that is in the queue already") {}
  SUBCASE("that comes later") { waits.get_future().wait(); }
  REQUIRE(pool.try_post([&] { ran.set_value(); }));
  CHECK(ran.get_future().wait_for(std::chrono::seconds{30}) == std::future_status::ready);
  CHECK(pool.figures().threads == 1);
  answer.set_value();
}

TEST_CASE("jobs that do not wait keep to the threads there are while others wait") {
  std::promise<void> answer;
  const std::shared_future<void> answered = answer.get_future().share();
  std::atomic<int> at_once = 0;
  std::atomic<int> most = 0;
  std::atomic<int> waiting_jobs = 0;
  std::atomic<int> done = 0;
  Pool pool{2, 1000};
  for (int i = 0; i < 20; ++i)
    REQUIRE(pool.try_post([&] {
      const Waiting waiting;
      ++waiting_jobs;
      answered.wait();
    }));
  for (int i = 0; i < 100; ++i)
    REQUIRE(pool.try_post([&] {
      const int now = ++at_once;
      for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds{200});
      --at_once;
      if (++done == 100) answer.set_value();
    }));
  pool.stop();
  CHECK(waiting_jobs == 20);
  CHECK(done == 100);
  CHECK(most <= 2);
}

TEST_CASE("more jobs that wait than there may be threads all end") {
  constexpr auto jobs = static_cast<int>(Pool::most_waiting) + 20;
  std::atomic<int> done = 0;
  std::promise<void> answer;
  const std::shared_future<void> answered = answer.get_future().share();
  Pool pool{1, 1000};
  for (int i = 0; i < jobs; ++i)
    REQUIRE(pool.try_post([&] {
      const Waiting waiting;
      if (++done == static_cast<int>(Pool::most_waiting)) answer.set_value();
      answered.wait();
    }));
  pool.stop();
  CHECK(done == jobs);
}

#if defined(__linux__)
TEST_CASE("threads of a pool step back as far as they are told, others do not") {
  const int before = getpriority(PRIO_PROCESS, 0);
  std::promise<int> inside;
  Pool pool{1, 1, 3};
  REQUIRE(pool.try_post([&] { inside.set_value(getpriority(PRIO_PROCESS, 0)); }));
  CHECK(inside.get_future().get() == std::min(before + 3, 19));
  std::promise<int> in_spare;
  std::promise<void> answer;
  REQUIRE(pool.try_post([&] {
    const Waiting waiting;
    answer.get_future().wait();
  }));
  while (!pool.try_post([&] { in_spare.set_value(getpriority(PRIO_PROCESS, 0)); })) {
  }
  CHECK(in_spare.get_future().get() == std::min(before + 3, 19));
  answer.set_value();
  CHECK(getpriority(PRIO_PROCESS, 0) == before);
}
#endif

TEST_CASE("stress: posts, loops and figures from many threads lose nothing") {
  std::atomic<std::uint64_t> sum = 0;
  std::atomic<std::uint64_t> wanted = 0;
  Pool pool{3, 16};
  {
    std::vector<std::jthread> posters;
    for (int t = 0; t < 4; ++t)
      posters.emplace_back([&] {
        for (std::uint64_t i = 0; i < 300; ++i) {
          if (pool.try_post([&sum, i] { sum += i; })) wanted += i;
          std::vector<std::uint64_t> squares(
              20);  // not atomic: each index has one writer
          pool.parallel_for(squares.size(), [&](std::size_t k) { squares[k] = k * k; });
          if (std::accumulate(squares.begin(), squares.end(), std::uint64_t{0}) != 2470)
            sum += 1'000'000;
          if (pool.figures().queued > 16) sum += 1'000'000;
        }
      });
  }
  pool.stop();
  CHECK(sum == wanted);
}
