#pragma once
// Threads that compute, with a bounded queue in front of them.

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace terrazzo {

// Safe from any thread, but for stop() and the destructor: one thread that is not of the
// pool.
class Pool {
 public:
  using Job = std::function<void()>;

  // threads: as many jobs run at once, beside those that wait for others (see Waiting);
  // for these there are up to most_waiting further threads, which come when they are
  // needed and go again. 0 runs every job on whoever posts it, at once.
  // max_queue: jobs that may wait for a thread.
  // niceness: 0 to 19, how much less the threads count than the one that starts them
  // where more want to run than there are cores (nice(2)). It cannot be taken back.
  Pool(std::size_t threads, std::size_t max_queue, int niceness = 0);
  ~Pool();  // stop()
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // False: the queue is full or stop() was called; the job will not run. What a job
  // throws is logged and counted as failed; a job that has somebody waiting carries its
  // own result there.
  bool try_post(Job job);

  // Calls f(i) for each i in 0..n-1, on the caller and on whatever threads are free;
  // returns when all have ended. After one throws no further ones begin, and the first
  // exception goes to the caller. May be called from a job.
  void parallel_for(std::size_t n, const std::function<void(std::size_t)>& f);

  // Takes no more jobs, runs those that were taken, then ends the threads. Again:
  // nothing.
  void stop();

  static constexpr std::size_t most_waiting = 64;

  struct Figures {
    std::size_t threads;
    std::size_t queued;
    std::size_t running;    // including those that wait for others
    std::uint64_t done;     // including the failed
    std::uint64_t failed;   // threw
    std::uint64_t refused;  // by try_post()
  };
  Figures figures() const;

 private:
  friend class Waiting;

  struct Loop;
  void work();
  bool has_work() const { return !queue_.empty() || !helpers_.empty(); }
  bool may_run() const { return running_ - waiting_ < thread_count_; }
  void begin_waiting() noexcept;
  void end_waiting() noexcept;
  void work_as_spare(std::size_t number);
  void run_next(std::unique_lock<std::mutex>& lock);
  void add_spare_if_all_wait() noexcept;
  void run(const Job& job);
  void post_helpers(const std::shared_ptr<Loop>& loop, std::size_t count);

  const std::size_t thread_count_;
  const std::size_t max_queue_;
  const int niceness_;  // of the threads
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  std::deque<std::shared_ptr<Loop>>
      helpers_;  // run before queue_; at most one per thread
  bool stopping_ = false;
  std::size_t running_ = 0;  // jobs; those that wait are among them
  std::size_t waiting_ = 0;
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::size_t spare_count_ = 0;
  std::array<std::thread, most_waiting> spares_;  // those that run
  std::thread ended_;                             // the last spare one that did
  std::vector<std::thread> threads_;              // last: they use the rest
};

}  // namespace terrazzo
