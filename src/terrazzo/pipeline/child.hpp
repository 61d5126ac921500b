#pragma once
// Programs of others, run on a file.

#include <chrono>
#include <string>
#include <vector>

#include "terrazzo/base/context.hpp"

namespace terrazzo::pipeline {

struct ChildEnd {
  int code = 0;            // as a shell has it: 128 + number for a signal
  std::string last_words;  // the last line of its error output that is not empty
};

// Runs a program, found by PATH, without input; what it prints goes nowhere but for the
// last 4 kB of its error output. It is killed, with those that it has started in its
// process group, when the context ends.
// Throws not_found: there is no such program. denied: it may not be run. unavailable: the
// system has no room for a process. cancelled, timeout.
ChildEnd run_child(const std::vector<std::string>& words, const Context& context);

}  // namespace terrazzo::pipeline
