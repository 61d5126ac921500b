#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "terrazzo/catalog/journal.hpp"

namespace terrazzo::pipeline {

// Renews a claim from a thread of its own, three times in its lease. stop_token(): the
// work shall end, because the claim is lost or whoever asked for the work wants no more.
class Lease {
 public:
  Lease(catalog::Journal& journal, catalog::Claim claim, std::chrono::milliseconds lease,
        std::stop_token outer);

  std::stop_token token() const { return work_.get_token(); }
  bool is_lost() const { return lost_.stop_requested(); }

 private:
  void renew(const std::stop_token& over);

  catalog::Journal& journal_;
  catalog::Claim claim_;
  std::chrono::milliseconds lease_;
  std::stop_source work_;
  std::stop_source lost_;
  struct Stop {
    std::stop_source source;
    void operator()() { source.request_stop(); }
  };
  std::stop_callback<Stop> outer_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace terrazzo::pipeline
