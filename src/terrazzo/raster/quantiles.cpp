#include "terrazzo/raster/quantiles.hpp"

#include <bit>
#include <utility>

namespace terrazzo::raster {
namespace {

constexpr std::size_t level_size = std::size_t{1} << 14;
constexpr int sample_bits = 19;  // so many samples, in powers of two, are taken at least
constexpr int most_group_bits = 10;

// Where the percentile lies among 0..count-1.
double place_of(std::uint64_t count, std::size_t percentile) {
  return static_cast<double>(count - 1) * (static_cast<double>(percentile) / 100);
}

}  // namespace

std::vector<std::uint64_t> percentile_ranks(std::uint64_t count) {
  std::vector<std::uint64_t> ranks;
  for (std::size_t percentile = 1; percentile <= 99; ++percentile) {
    const auto rank = static_cast<std::uint64_t>(place_of(count, percentile));
    ranks.push_back(std::min(rank, count - 1));
    ranks.push_back(std::min(rank + 1, count - 1));
  }
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  return ranks;
}

std::array<double, 99> percentiles(std::uint64_t count,
                                   std::span<const std::uint64_t> ranks,
                                   std::span<const double> values) {
  const auto at = [&](std::uint64_t rank) {
    const auto found =
        std::lower_bound(ranks.begin(), ranks.end(), std::min(rank, count - 1));
    return values[static_cast<std::size_t>(found - ranks.begin())];
  };
  std::array<double, 99> result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double place = place_of(count, i + 1);
    const double rank = std::floor(place);
    const double part = place - rank;
    const double before = at(static_cast<std::uint64_t>(rank));
    const double after = at(static_cast<std::uint64_t>(rank) + 1);
    const double step = after - before;
    result[i] = part < 0.5 ? before + step * part : after - step * (1 - part);
  }
  return result;
}

std::vector<double> at_ranks(std::span<const WeightedValue> sorted,
                             std::span<const std::uint64_t> ranks) {
  std::vector<double> values;
  values.reserve(ranks.size());
  std::uint64_t end = 0;  // of the ranks up to sorted[next - 1]
  std::size_t next = 0;
  for (const std::uint64_t rank : ranks) {
    while (end <= rank && next < sorted.size()) end += sorted[next++].weight;
    values.push_back(sorted[next - 1].value);
  }
  return values;
}

void QuantileSketch::add(std::span<const double> values) {
  while (!values.empty()) {
    const int count_bits = static_cast<int>(std::bit_width(count_)) - 1;
    const int group_bits = std::clamp(count_bits - sample_bits, 0, most_group_bits);
    const std::size_t group = std::size_t{1} << group_bits;
    if (values.size() < group) {
      for (const double value : values) put(0, value);
      count_ += values.size();
      return;
    }
    put(static_cast<std::size_t>(group_bits), values[random() & (group - 1)]);
    count_ += group;
    values = values.subspan(group);
  }
}

void QuantileSketch::merge(const QuantileSketch& other) {
  for (std::size_t level = 0; level < other.levels_.size(); ++level)
    for (const double value : other.levels_[level].values) put(level, value);
  count_ += other.count_;
}

std::vector<WeightedValue> QuantileSketch::sorted() const {
  std::vector<WeightedValue> all;
  for (std::size_t level = 0; level < levels_.size(); ++level)
    for (const double value : levels_[level].values)
      all.push_back({value, std::uint64_t{1} << level});
  std::sort(all.begin(), all.end(), [](const WeightedValue& a, const WeightedValue& b) {
    return a.value < b.value;
  });
  return all;
}

void QuantileSketch::put(std::size_t level, double value) {
  if (level >= levels_.size()) levels_.resize(level + 1);
  std::vector<double>& values = levels_[level].values;
  values.push_back(value);
  if (values.size() == level_size) compact(level);
}

void QuantileSketch::compact(std::size_t level) {
  std::vector<double> values = std::exchange(levels_[level].values, {});
  const auto run = std::is_sorted_until(values.begin(), values.end());
  if (std::is_sorted(run, values.end()))  // what two compactions below left
    std::inplace_merge(values.begin(), run, values.end());
  else
    std::sort(values.begin(), values.end());
  const bool odd = std::exchange(levels_[level].take_odd, !levels_[level].take_odd);
  for (std::size_t i = odd; i < values.size(); i += 2) put(level + 1, values[i]);
  values.clear();
  levels_[level].values = std::move(values);
}

// xorshift64 of Marsaglia 2003; the upper bits are the better ones.
std::uint64_t QuantileSketch::random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_ >> 32;
}

}  // namespace terrazzo::raster
