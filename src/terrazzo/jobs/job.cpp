#include "terrazzo/jobs/job.hpp"

#include <algorithm>
#include <thread>

namespace terrazzo::jobs {

ErrorKind worst(const std::vector<Failure>& failures) {
  return std::ranges::max(failures, {}, &Failure::kind).kind;
}

std::size_t threads_for(int wanted, std::size_t files) {
  const auto cores = std::max(1U, std::thread::hardware_concurrency());
  const auto threads = wanted > 0 ? static_cast<std::size_t>(wanted) : std::size_t{cores};
  return std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(files, 1));
}

}  // namespace terrazzo::jobs
