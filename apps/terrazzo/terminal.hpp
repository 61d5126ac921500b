#pragma once

#include <chrono>
#include <string>

#include "command.hpp"
#include "terrazzo/jobs/job.hpp"

namespace terrazzo::app {

// Shows how far a job is, on standard error: a bar on a terminal, a line now and then
// elsewhere, nothing with -q.
class ProgressLine {
 public:
  ProgressLine(std::string verb, const Session& session);
  ~ProgressLine();  // clears the bar

  // To be called by one thread at a time.
  void operator()(const jobs::Progress& progress);

 private:
  using Clock = std::chrono::steady_clock;

  std::string verb_;
  bool quiet_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point next_{};
};

// The files that failed as text, one line each.
std::string failure_lines(const std::vector<jobs::Failure>& failures);
// [{"path", "kind", "message"}]
Json failure_json(const std::vector<jobs::Failure>& failures);
// 0, or that of the worst failure.
int exit_code(const std::vector<jobs::Failure>& failures);

// True if the answer to "question [y/N]" on standard input begins with y.
bool confirmed(std::string_view question);

}  // namespace terrazzo::app
