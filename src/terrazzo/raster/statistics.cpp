#include "terrazzo/raster/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "terrazzo/base/error.hpp"
#include "terrazzo/raster/quantiles.hpp"

namespace terrazzo::raster {
namespace {

// Number, mean and sum of squared deviations, joined as by Chan, Golub and LeVeque 1983.
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;

  void join(const Moments& other) {
    if (other.count == 0) return;
    const double delta = other.mean - mean;
    const double sum = count + other.count;
    mean += delta * (other.count / sum);
    squares += other.squares + delta * delta * (count * other.count / sum);
    count = sum;
  }
};

// The sum of f(value), by four sums that do not wait for each other.
template <class T, class F>
double sum_of(std::span<const T> values, F f) {
  double a = 0, b = 0, c = 0, d = 0;
  std::size_t i = 0;
  for (; i + 4 <= values.size(); i += 4) {
    a += f(static_cast<double>(values[i]));
    b += f(static_cast<double>(values[i + 1]));
    c += f(static_cast<double>(values[i + 2]));
    d += f(static_cast<double>(values[i + 3]));
  }
  for (; i < values.size(); ++i) a += f(static_cast<double>(values[i]));
  return a + b + c + d;
}

template <class T>
Moments moments_of(std::span<const T> values) {
  const auto count = static_cast<double>(values.size());
  const double mean = sum_of(values, [](double value) { return value; }) / count;
  const auto square = [mean](double value) { return (value - mean) * (value - mean); };
  return {count, mean, sum_of(values, square)};
}

// Weighted values to counts of equal steps; values outside are left out, `high` is in the
// last step.
class Histogram {
 public:
  Histogram(double low, double high, std::size_t bins)
      : low_(low), high_(high), bin_(low, high, bins), counts_(bins) {}
  void add(double value, std::uint64_t weight) {
    if (value >= low_ && value <= high_) counts_[bin_(value)] += weight;
  }
  std::vector<std::uint64_t> counts() && { return std::move(counts_); }

 private:
  double low_;
  double high_;
  Bins bin_;
  std::vector<std::uint64_t> counts_;
};

}  // namespace

struct StatisticsSum::State {
  explicit State(ElementType its_type) : type(its_type) {}
  virtual ~State() = default;
  virtual void add(const Image& block) = 0;
  virtual void merge(const State& other) = 0;  // of the same type
  virtual std::uint64_t valid_count() const = 0;
  // All but valid_percentage; at least one value is there.
  virtual Statistics result() const = 0;
  virtual void fill(Histogram& histogram) const = 0;

  const ElementType type;
  std::uint64_t pixels = 0;  // valid or not
};

namespace {

// How often each value of an 8- or 16-bit type occurs.
template <class T>
class Counts final : public StatisticsSum::State {
 public:
  Counts() : State(element_type<T>()), even_(size), odd_(size) {}

  void add(const Image& block) override {
    const std::span<const T> values = block.values<T>();
    const std::span<const std::uint8_t> valid = block.valid();
    // two tables, since equal neighbours would wait for each other's sum
    std::size_t i = 0;
    for (; i + 1 < values.size(); i += 2) {
      even_[index(values[i])] += valid[i];
      odd_[index(values[i + 1])] += valid[i + 1];
    }
    if (i < values.size()) even_[index(values[i])] += valid[i];
  }

  void merge(const State& other) override {
    const auto& counts = static_cast<const Counts&>(other);
    for (std::size_t i = 0; i < size; ++i) even_[i] += counts.count(i);
  }

  std::uint64_t valid_count() const override {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += count(i);
    return sum;
  }

  Statistics result() const override {
    Statistics statistics;
    std::vector<WeightedValue> values;
    std::int64_t sum = 0;  // 2^40 values of 16 bits fit
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i) {
      if (count(i) == 0) continue;
      values.push_back({value(i), count(i)});
      number += count(i);
      sum += static_cast<std::int64_t>(value(i)) * static_cast<std::int64_t>(count(i));
    }
    statistics.low = values.front().value;
    statistics.high = values.back().value;
    statistics.mean = static_cast<double>(sum) / static_cast<double>(number);
    double squares = 0;
    for (const WeightedValue& each : values) {
      const double delta = each.value - statistics.mean;
      squares += delta * delta * static_cast<double>(each.weight);
    }
    statistics.stdev = std::sqrt(squares / static_cast<double>(number));
    const std::vector<std::uint64_t> ranks = percentile_ranks(number);
    statistics.percentiles = percentiles(number, ranks, at_ranks(values, ranks));
    return statistics;
  }

  void fill(Histogram& histogram) const override {
    for (std::size_t i = 0; i < size; ++i)
      if (count(i) != 0) histogram.add(value(i), count(i));
  }

 private:
  static constexpr std::size_t size = std::size_t{1} << (8 * sizeof(T));
  static constexpr int lowest = std::numeric_limits<T>::min();

  static std::size_t index(T value) { return static_cast<std::size_t>(value - lowest); }
  static double value(std::size_t index) { return static_cast<int>(index) + lowest; }
  std::uint64_t count(std::size_t i) const { return even_[i] + odd_[i]; }

  std::vector<std::uint64_t> even_;
  std::vector<std::uint64_t> odd_;
};

// The values of a wider type themselves, or a sketch of them.
template <class T>
class Values final : public StatisticsSum::State {
 public:
  explicit Values(std::size_t exact_values)
      : State(element_type<T>()), exact_values_(exact_values) {}

  void add(const Image& block) override {
    const std::size_t before = kept_.size();
    append(block.values<T>(), block.valid());
    constexpr std::size_t piece = 4096;
    std::span<const T> rest = std::span<const T>(kept_).subspan(before);
    while (!rest.empty()) {
      const std::span<const T> part = rest.first(std::min(piece, rest.size()));
      const auto [low, high] = extremes_of(part);
      low_ = std::min(low_, static_cast<double>(low));
      high_ = std::max(high_, static_cast<double>(high));
      moments_.join(moments_of(part));
      rest = rest.subspan(part.size());
    }
    count_ += kept_.size() - before;
    if (sketch_ || kept_.size() > exact_values_) sketch_kept();
  }

  void merge(const State& other) override {
    const auto& values = static_cast<const Values&>(other);
    low_ = std::min(low_, values.low_);
    high_ = std::max(high_, values.high_);
    moments_.join(values.moments_);
    count_ += values.count_;
    kept_.insert(kept_.end(), values.kept_.begin(), values.kept_.end());
    if (values.sketch_) {
      if (!sketch_) sketch_.emplace();
      sketch_->merge(*values.sketch_);
    }
    if (sketch_ || kept_.size() > exact_values_) sketch_kept();
  }

  std::uint64_t valid_count() const override { return count_; }

  Statistics result() const override {
    Statistics statistics;
    statistics.low = low_;
    statistics.high = high_;
    statistics.mean = moments_.mean;
    statistics.stdev = std::sqrt(moments_.squares / moments_.count);
    const std::vector<std::uint64_t> ranks = percentile_ranks(count_);
    std::vector<double> at(ranks.size());
    if (sketch_)
      at = at_ranks(sketch_->sorted(), ranks);
    else
      order_statistics<T>(kept_, ranks, at);
    statistics.percentiles = percentiles(count_, ranks, at);
    return statistics;
  }

  void fill(Histogram& histogram) const override {
    for (const T value : kept_) histogram.add(static_cast<double>(value), 1);
    if (!sketch_) return;
    for (const WeightedValue& each : sketch_->sorted())
      histogram.add(each.value, each.weight);
  }

 private:
  void append(std::span<const T> values, std::span<const std::uint8_t> valid) {
    std::size_t end = kept_.size();
    kept_.resize(end + values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      bool good = valid[i] != 0;
      if constexpr (std::is_floating_point_v<T>)
        good &= values[i] - values[i] == 0;  // finite
      kept_[end] = values[i];
      end += good;
    }
    kept_.resize(end);
  }

  // Moves what is kept into the sketch.
  void sketch_kept() {
    if (!sketch_) sketch_.emplace();
    std::array<double, 4096> part;
    for (std::size_t begin = 0; begin < kept_.size(); begin += part.size()) {
      const std::size_t length = std::min(part.size(), kept_.size() - begin);
      for (std::size_t i = 0; i < length; ++i)
        part[i] = static_cast<double>(kept_[begin + i]);
      sketch_->add(std::span(part).first(length));
    }
    const bool large = kept_.capacity() > std::size_t{1} << 22;
    kept_.clear();
    if (large) kept_.shrink_to_fit();
  }

  const std::size_t exact_values_;
  std::vector<T> kept_;  // empty once there is a sketch
  std::optional<QuantileSketch> sketch_;
  std::uint64_t count_ = 0;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
  Moments moments_;
};

}  // namespace

StatisticsSum::StatisticsSum(ElementType type, std::size_t exact_values)
    : state_(with_type(type, [&]<class T>(T) -> std::unique_ptr<State> {
        if constexpr (sizeof(T) <= 2)
          return std::make_unique<Counts<T>>();
        else
          return std::make_unique<Values<T>>(exact_values);
      })) {}

StatisticsSum::~StatisticsSum() = default;
StatisticsSum::StatisticsSum(StatisticsSum&&) noexcept = default;
StatisticsSum& StatisticsSum::operator=(StatisticsSum&&) noexcept = default;

void StatisticsSum::add(const Image& block) {
  if (block.type() != state_->type || block.bands() == 0)
    throw invalid("a block of {} does not belong to statistics of {}",
                  name_of(block.type()), name_of(state_->type));
  state_->add(block);
  state_->pixels += block.pixels();
}

void StatisticsSum::merge(const StatisticsSum& other) {
  if (other.state_->type != state_->type)
    throw invalid("statistics of {} do not belong to those of {}",
                  name_of(other.state_->type), name_of(state_->type));
  state_->merge(*other.state_);
  state_->pixels += other.state_->pixels;
}

Statistics StatisticsSum::result() const {
  const std::uint64_t valid = state_->valid_count();
  if (valid == 0)
    throw failure(ErrorKind::corrupt_data, "none of the {} pixels is valid",
                  state_->pixels);
  Statistics statistics = state_->result();
  statistics.valid_percentage =
      static_cast<double>(valid) / static_cast<double>(state_->pixels) * 100;
  return statistics;
}

std::vector<std::uint64_t> StatisticsSum::histogram(double low, double high,
                                                    std::size_t bins) const {
  if (bins == 0 || !(low <= high) || !std::isfinite(high - low))
    throw invalid("a histogram of {} steps from {} to {} cannot be made", bins, low,
                  high);
  Histogram histogram(low, high, bins);
  state_->fill(histogram);
  return std::move(histogram).counts();
}

}  // namespace terrazzo::raster
