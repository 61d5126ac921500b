#pragma once
// Two ways to the same end, timed in turn in one process: A B A B …, so that a machine
// whose speed drifts drifts for both. Prints medians and the median of the pairs' ratios.

#include <functional>
#include <string>

namespace terrazzo::bench {

struct Pair {
  std::string name;               // "tile, one band, cold"
  std::string baseline;           // "GDAL warp to memory, handle kept open"
  std::function<void(int)> ours;  // called with the number of the run
  std::function<void(int)> theirs;
  int runs = 15;
};

// One line: CPU milliseconds of both (all threads) and how many times faster ours is.
// Runs each once before counting.
void run(const Pair& pair);

}  // namespace terrazzo::bench
