#pragma once
// Two ways to the same end, timed in turn in one process: A B A B …, so that a machine
// whose speed drifts drifts for both.

#include <functional>
#include <string>

namespace terrazzo::bench {

struct Side {
  std::function<void(int)> work{};  // called with 0, 1, 2, … over all runs
  int calls = 1;                    // in one run; figures are for one call
};

struct Pair {
  std::string name{};      // "tile, one band, cold blocks"
  std::string baseline{};  // "GDAL warp and PNG"
  Side ours{};
  Side theirs{};
  std::function<void()> before = [] {};  // before each run of a side; not timed
  int runs = 9;
};

void print_header();

// Runs each side once, then `runs` pairs, and prints a line: medians of the CPU (all
// threads) and wall milliseconds of a call, and the medians of the pairs' ratios, above 1
// where Terrazzo takes less.
void run(const Pair& pair);

}  // namespace terrazzo::bench
