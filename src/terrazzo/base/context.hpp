#pragma once

#include <chrono>
#include <stop_token>

#include "terrazzo/base/error.hpp"

namespace terrazzo {

class Stages;

// How long a piece of work may take and whether anybody still wants it. The last
// argument of whatever may take long; kernels look at it once per block of rows.
struct Context {
  using Clock = std::chrono::steady_clock;

  std::stop_token stop{};
  Clock::time_point deadline = Clock::time_point::max();
  Stages* stages = nullptr;  // is told where the time goes; see stages.hpp

  bool has_ended() const noexcept {
    return stop.stop_requested() || Clock::now() > deadline;
  }

  // Throws cancelled: stop was asked for. timeout: the deadline has passed.
  void check() const {
    if (stop.stop_requested())
      throw failure(ErrorKind::cancelled, "the caller went away");
    if (Clock::now() > deadline)
      throw failure(ErrorKind::timeout, "this took longer than the server allows");
  }
};

}  // namespace terrazzo
