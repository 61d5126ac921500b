#include "pairs.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

#include <fmt/format.h>

namespace terrazzo::bench {
namespace {

constexpr double shortest = 1e-6;  // ms; keeps ratios finite

struct Times {
  double cpu = 0;
  double wall = 0;
};

// Of the whole process, in milliseconds.
double cpu_now() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double wall_now() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Times timed(const Side& side, int run) {
  const Times start{cpu_now(), wall_now()};
  for (int i = 0; i < side.calls; ++i) side.work(run * side.calls + i);
  const double calls = side.calls;
  return {std::max((cpu_now() - start.cpu) / calls, shortest),
          std::max((wall_now() - start.wall) / calls, shortest)};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

void print_header() {
  fmt::print("{:<36} {:^21} {:^21} {:^15}\n", "", "terrazzo, ms", "baseline, ms",
             "ratio");
  fmt::print("{:<36} {:>10} {:>10} {:>10} {:>10} {:>7} {:>7}  {}\n",
             "medians for one of them", "CPU", "wall", "CPU", "wall", "CPU", "wall",
             "baseline");
}

void run(const Pair& pair) {
  std::vector<double> columns[6];
  for (int i = 0; i <= pair.runs; ++i) {
    pair.before();
    const Times ours = timed(pair.ours, i);
    pair.before();
    const Times theirs = timed(pair.theirs, i);
    if (i == 0) continue;  // warm-up
    const double values[] = {ours.cpu,
                             ours.wall,
                             theirs.cpu,
                             theirs.wall,
                             theirs.cpu / ours.cpu,
                             theirs.wall / ours.wall};
    for (std::size_t c = 0; c < std::size(values); ++c) columns[c].push_back(values[c]);
  }
  fmt::print("{:<36} {:>10.3f} {:>10.3f} {:>10.3f} {:>10.3f} {:>7.2f} {:>7.2f}  {}\n",
             pair.name, median(columns[0]), median(columns[1]), median(columns[2]),
             median(columns[3]), median(columns[4]), median(columns[5]), pair.baseline);
  std::fflush(stdout);
}

}  // namespace terrazzo::bench
