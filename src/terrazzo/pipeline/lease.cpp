#include "terrazzo/pipeline/lease.hpp"

#include "terrazzo/base/log.hpp"

namespace terrazzo::pipeline {

Lease::Lease(catalog::Journal& journal, catalog::Claim claim,
             std::chrono::milliseconds lease, std::stop_token outer)
    : journal_(journal),
      claim_(std::move(claim)),
      lease_(lease),
      outer_(std::move(outer), Stop{work_}),
      thread_([this](const std::stop_token& over) { renew(over); }) {}

void Lease::renew(const std::stop_token& over) {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait_for(lock, over, lease_ / 3, [] { return false; });
    if (over.stop_requested()) return;
    try {
      if (journal_.renew(claim_, lease_)) continue;
      lost_.request_stop();
      work_.request_stop();
      return;
    } catch (const std::exception& error) {
      // The next time may be in time yet; if not, publishing is refused.
      log::warning("a lease could not be renewed", {{"reason", error.what()}});
    }
  }
}

}  // namespace terrazzo::pipeline
