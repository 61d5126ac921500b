#pragma once
// What every job that works through many files has in common.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "terrazzo/base/error.hpp"

namespace terrazzo::jobs {

// A file that a job could not do; the others were done.
struct Failure {
  std::string path;
  ErrorKind kind = ErrorKind::corrupt_data;
  std::string message;  // as Error::message()
};

struct Progress {
  std::uint64_t done = 0;   // files finished, failed ones included
  std::uint64_t total = 0;  // files of the job
  std::uint64_t failed = 0;
  double share = 0;  // 0..1 of the work, begun files included
};

// Called by one thread at a time, but not always the same; may be called often.
using Report = std::function<void(const Progress&)>;

// The failure to report if a job can only report one: the kind that stands last in
// ErrorKind, as a bug weighs more than a bad file. `failures` is not empty.
ErrorKind worst(const std::vector<Failure>& failures);

// Threads for `wanted` (0: one per processor) and `files`; at least 1.
std::size_t threads_for(int wanted, std::size_t files);

}  // namespace terrazzo::jobs
