#include "pairs.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace terrazzo::bench {
namespace {

double cpu_ms() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double timed(const std::function<void(int)>& work, int run) {
  const double start = cpu_ms();
  work(run);
  return cpu_ms() - start;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

void run(const Pair& pair) {
  pair.ours(0);
  pair.theirs(0);
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  for (int i = 1; i <= pair.runs; ++i) {
    ours.push_back(timed(pair.ours, i));
    theirs.push_back(timed(pair.theirs, i));
    ratios.push_back(theirs.back() / std::max(ours.back(), 1e-3));
  }
  fmt::print("{:<34} {:>9.2f} ms {:>9.2f} ms {:>7.2f}x   {}\n", pair.name, median(ours),
             median(theirs), median(ratios), pair.baseline);
}

}  // namespace terrazzo::bench
