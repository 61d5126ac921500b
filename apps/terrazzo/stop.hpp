#pragma once

#include <stop_token>
#include <thread>

namespace terrazzo::app {

// While it lives, SIGINT and SIGTERM ask for a stop instead of ending the process; a
// second one ends it. Make it before the threads of the work, which inherit that these
// signals are blocked. One at a time.
class StopOnSignals {
 public:
  StopOnSignals();
  ~StopOnSignals();
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;

  std::stop_token token() const noexcept { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::stop_source over_;
  std::thread thread_;
};

}  // namespace terrazzo::app
