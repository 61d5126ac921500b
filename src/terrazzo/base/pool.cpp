#include "terrazzo/base/pool.hpp"

#if defined(__linux__)
#include <sys/resource.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

#include "terrazzo/base/log.hpp"
#include "terrazzo/base/waiting.hpp"

namespace terrazzo {
namespace {

// Of the job that runs on this thread.
thread_local Pool* pool_of_job = nullptr;

// Linux has a nice value for each thread, which those it starts begin with; elsewhere it
// would be that of the process.
int own_niceness() {
#if defined(__linux__)
  return getpriority(PRIO_PROCESS, 0);
#else
  return 0;
#endif
}

void step_back_to([[maybe_unused]] int niceness) {
#if defined(__linux__)
  if (niceness > own_niceness() && setpriority(PRIO_PROCESS, 0, niceness) != 0)
    log::debug("a thread keeps its priority", {{"reason", std::strerror(errno)}});
#endif
}

}  // namespace

// One parallel_for(). A helper that comes after the caller has left finds it closed and
// never touches the caller's function.
struct Pool::Loop {
  Loop(std::size_t n, const std::function<void(std::size_t)>& f) : count(n), call(f) {}

  void help() {
    {
      const std::lock_guard lock{mutex};
      if (closed) return;
      ++helping;
    }
    run();
    const std::lock_guard lock{mutex};
    --helping;
    left.notify_all();
  }

  void run() noexcept {
    for (;;) {
      const std::size_t i = next.fetch_add(1);
      if (i >= count || broken) return;
      try {
        call(i);
      } catch (...) {
        broken = true;
        const std::lock_guard lock{mutex};
        if (!error) error = std::current_exception();
      }
    }
  }

  // By the caller, after its own run().
  void finish() {
    std::unique_lock lock{mutex};
    closed = true;
    left.wait(lock, [this] { return helping == 0; });
    if (error) std::rethrow_exception(std::exchange(error, nullptr));
  }

  const std::size_t count;
  const std::function<void(std::size_t)>& call;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> broken{false};
  std::mutex mutex;
  std::condition_variable left;
  std::size_t helping = 0;
  bool closed = false;
  std::exception_ptr error;
};

Pool::Pool(std::size_t threads, std::size_t max_queue, int niceness)
    : thread_count_(threads),
      max_queue_(max_queue),
      niceness_(own_niceness() + niceness) {
  threads_.reserve(threads);
  try {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {
    stop();
    throw;
  }
}

Pool::~Pool() { stop(); }

bool Pool::try_post(Job job) {
  {
    const std::lock_guard lock{mutex_};
    const bool full = thread_count_ > 0 && queue_.size() >= max_queue_;
    if (stopping_ || full) {
      ++refused_;
      return false;
    }
    if (thread_count_ > 0) {
      queue_.push_back(std::move(job));
      add_spare_if_all_wait();
    } else {
      ++running_;
    }
  }
  if (thread_count_ > 0) {
    wake_.notify_one();
    return true;
  }
  run(job);
  const std::lock_guard lock{mutex_};
  --running_;
  return true;
}

void Pool::post_helpers(const std::shared_ptr<Loop>& loop, std::size_t count) {
  {
    const std::lock_guard lock{mutex_};
    const std::size_t room = thread_count_ - std::min(thread_count_, helpers_.size());
    count = stopping_ ? 0 : std::min(count, room);
    helpers_.insert(helpers_.end(), count, loop);
  }
  for (std::size_t i = 0; i < count; ++i) wake_.notify_one();
}

void Pool::parallel_for(std::size_t n, const std::function<void(std::size_t)>& f) {
  if (n == 0) return;
  if (n == 1 || thread_count_ == 0) {
    for (std::size_t i = 0; i < n; ++i) f(i);
    return;
  }
  const auto loop = std::make_shared<Loop>(n, f);
  post_helpers(loop, n - 1);
  loop->run();
  loop->finish();
}

void Pool::run(const Job& job) {
  try {
    job();
  } catch (const std::exception& e) {
    ++failed_;
    log::error("a job failed", {{"error", e.what()}});
  } catch (...) {
    ++failed_;
    log::error("a job failed with something that is no exception");
  }
  ++done_;
}

void Pool::work() {
  step_back_to(niceness_);
  pool_of_job = this;
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return has_work() ? may_run() : stopping_; });
    if (!has_work()) return;
    run_next(lock);
    if (stopping_) wake_.notify_all();
  }
}

// A thread in the place of one whose job waits; it ends when nothing is left to do, as
// what threads keep for themselves adds up.
void Pool::work_as_spare(std::size_t number) {
  step_back_to(niceness_);
  pool_of_job = this;
  std::unique_lock lock{mutex_};
  while (has_work() && may_run()) run_next(lock);
  if (stopping_) wake_.notify_all();
  --spare_count_;
  std::thread last = std::exchange(ended_, std::move(spares_[number]));
  lock.unlock();
  if (last.joinable()) last.join();
}

// There is a job, and it may run. The lock is held before and afterwards.
void Pool::run_next(std::unique_lock<std::mutex>& lock) {
  ++running_;
  if (!helpers_.empty()) {
    auto loop = std::move(helpers_.front());
    helpers_.pop_front();
    add_spare_if_all_wait();
    lock.unlock();
    loop->help();
  } else {
    Job job = std::move(queue_.front());
    queue_.pop_front();
    add_spare_if_all_wait();
    lock.unlock();
    run(job);
    job = nullptr;  // what it owns goes before the lock comes
  }
  lock.lock();
  --running_;
}

void Pool::add_spare_if_all_wait() noexcept {
  const bool has_idle = running_ < thread_count_ + spare_count_;
  if (has_idle || !has_work() || !may_run()) return;
  const auto place =
      std::ranges::find_if(spares_, [](const std::thread& t) { return !t.joinable(); });
  if (place == spares_.end()) return;
  const auto number = static_cast<std::size_t>(place - spares_.begin());
  try {
    *place = std::thread{[this, number] { work_as_spare(number); }};
    ++spare_count_;
  } catch (const std::exception& e) {  // the work waits for the others
    log::warning("a thread cannot be started", {{"error", e.what()}});
  }
}

void Pool::begin_waiting() noexcept {
  {
    const std::lock_guard lock{mutex_};
    ++waiting_;
    add_spare_if_all_wait();
  }
  wake_.notify_one();
}

// It goes on at once, even if another has its place by now.
void Pool::end_waiting() noexcept {
  const std::lock_guard lock{mutex_};
  --waiting_;
}

Waiting::Waiting() noexcept {
  if (pool_of_job != nullptr) pool_of_job->begin_waiting();
}

Waiting::~Waiting() {
  if (pool_of_job != nullptr) pool_of_job->end_waiting();
}

void Pool::stop() {
  for (;;) {
    std::vector<std::thread> threads;  // while these end, spare ones may come
    {
      const std::lock_guard lock{mutex_};
      stopping_ = true;
      threads.swap(threads_);
      for (std::thread& spare : spares_)
        if (spare.joinable()) threads.push_back(std::move(spare));
      if (ended_.joinable()) threads.push_back(std::move(ended_));
    }
    if (threads.empty()) return;
    wake_.notify_all();
    for (std::thread& thread : threads) thread.join();
  }
}

Pool::Figures Pool::figures() const {
  const std::lock_guard lock{mutex_};
  return {thread_count_, queue_.size(), running_, done_, failed_, refused_};
}

}  // namespace terrazzo
