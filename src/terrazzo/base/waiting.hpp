#pragma once

namespace terrazzo {

// While one exists, the job of a Pool that made it waits for others (a server's answer,
// a value that another thread makes), and the pool runs another job in its place.
// Outside of pools it does nothing. Hold no lock that other jobs need.
class Waiting {
 public:
  Waiting() noexcept;
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
};

}  // namespace terrazzo
