#include "terrazzo/raster/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

namespace terrazzo::raster {
namespace {

template <class T>
Image block_of(const std::vector<T>& values) {
  Image image(element_type<T>(), 1, 1, values.size());
  std::copy(values.begin(), values.end(), image.values<T>().begin());
  return image;
}

template <class T>
StatisticsSum sum_of(const std::vector<T>& values, std::size_t exact_values = 1 << 20) {
  StatisticsSum sum(element_type<T>(), exact_values);
  sum.add(block_of(values));
  return sum;
}

// Numbers made the plain way.
template <class T>
Statistics expected(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  Statistics result;
  result.valid_percentage = 100;
  result.low = static_cast<double>(values.front());
  result.high = static_cast<double>(values.back());
  const auto count = static_cast<double>(values.size());
  for (const T value : values) result.mean += static_cast<double>(value) / count;
  for (const T value : values)
    result.stdev += std::pow(static_cast<double>(value) - result.mean, 2) / count;
  result.stdev = std::sqrt(result.stdev);
  for (std::size_t i = 0; i < 99; ++i) {
    const double place = (count - 1) * (static_cast<double>(i + 1) / 100);
    const auto rank = static_cast<std::size_t>(place);
    const auto before = static_cast<double>(values[rank]);
    const auto after = static_cast<double>(values[std::min(rank + 1, values.size() - 1)]);
    result.percentiles[i] = before + (after - before) * (place - std::floor(place));
  }
  return result;
}

void check_equal(const Statistics& got, const Statistics& want) {
  CHECK(got.valid_percentage == doctest::Approx(want.valid_percentage).epsilon(1e-12));
  CHECK(got.low == want.low);
  CHECK(got.high == want.high);
  CHECK(got.mean == doctest::Approx(want.mean).epsilon(1e-10));
  CHECK(got.stdev == doctest::Approx(want.stdev).epsilon(1e-9));
  for (std::size_t i = 0; i < 99; ++i)
    CHECK(got.percentiles[i] == doctest::Approx(want.percentiles[i]).epsilon(1e-12));
}

template <class T>
std::vector<T> random_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(60, 12);
  std::vector<T> values(count);
  for (T& value : values) value = static_cast<T>(std::clamp(normal(random), 0.0, 120.0));
  return values;
}

template <class T>
void check_type() {
  for (const std::size_t count : {1u, 2u, 3u, 100u, 101u, 20001u}) {
    const std::vector<T> values = random_values<T>(count, 7);
    check_equal(sum_of(values).result(), expected(values));
  }
}

// The share of `sorted` values below the value.
double rank_of(const std::vector<double>& sorted, double value) {
  const auto place = std::lower_bound(sorted.begin(), sorted.end(), value);
  return static_cast<double>(place - sorted.begin()) / static_cast<double>(sorted.size());
}

void check_ranks(const Statistics& got, std::vector<double> values, double tolerance) {
  std::sort(values.begin(), values.end());
  for (std::size_t i = 0; i < 99; ++i) {
    const double want = static_cast<double>(i + 1) / 100;
    CHECK(std::abs(rank_of(values, got.percentiles[i]) - want) <= tolerance);
  }
}

}  // namespace

TEST_CASE("statistics of every type are exact") {
  check_type<std::uint8_t>();
  check_type<std::int8_t>();
  check_type<std::uint16_t>();
  check_type<std::int16_t>();
  check_type<std::uint32_t>();
  check_type<std::int32_t>();
  check_type<std::uint64_t>();
  check_type<std::int64_t>();
  check_type<float>();
  check_type<double>();
}

TEST_CASE("percentiles lie linearly between ranks as in numpy") {
  const Statistics statistics = sum_of<std::uint8_t>({10, 20}).result();
  CHECK(statistics.percentiles[0] == doctest::Approx(10.1));
  CHECK(statistics.percentiles[49] == doctest::Approx(15));
  CHECK(statistics.percentiles[98] == doctest::Approx(19.9));
  CHECK(statistics.stdev == 5);
}

TEST_CASE("extreme and negative values are counted where they belong") {
  check_equal(sum_of<std::int16_t>({-32768, 32767, -1}).result(),
              expected<std::int16_t>({-32768, 32767, -1}));
  check_equal(sum_of<std::uint16_t>({0, 65535}).result(),
              expected<std::uint16_t>({0, 65535}));
  check_equal(sum_of<std::int8_t>({-128, 127, 0}).result(),
              expected<std::int8_t>({-128, 127, 0}));
}

TEST_CASE("outliers do not spoil percentiles") {
  std::vector<float> values = random_values<float>(50000, 11);
  values.push_back(std::numeric_limits<float>::max());
  values.push_back(std::numeric_limits<float>::lowest());
  const Statistics got = sum_of(values).result();
  const Statistics want = expected(values);
  for (std::size_t i = 0; i < 99; ++i)
    CHECK(got.percentiles[i] == doctest::Approx(want.percentiles[i]).epsilon(1e-12));
}

TEST_CASE("a constant image has that constant as every statistic") {
  const Statistics statistics = sum_of(std::vector<double>(10000, 0.1)).result();
  CHECK(statistics.low == 0.1);
  CHECK(statistics.mean == doctest::Approx(0.1).epsilon(1e-15));
  CHECK(statistics.stdev <= 1e-14);
  CHECK(statistics.percentiles[50] == 0.1);
}

TEST_CASE("a large offset does not eat the deviation") {
  std::vector<double> values;
  for (int i = 0; i < 100000; ++i) values.push_back(1e9 + i % 2);
  CHECK(sum_of(values).result().stdev == doctest::Approx(0.5).epsilon(1e-9));
}

TEST_CASE("no data, NaN and infinite values are left out but count as pixels") {
  Image block = block_of<float>({1, 2, 3, std::numeric_limits<float>::quiet_NaN(),
                                 std::numeric_limits<float>::infinity(), 99, 98, 97});
  for (const std::size_t i : {5u, 6u, 7u}) block.valid()[i] = 0;
  StatisticsSum sum(ElementType::float32);
  sum.add(block);
  const Statistics statistics = sum.result();
  CHECK(statistics.valid_percentage == 37.5);
  CHECK(statistics.low == 1);
  CHECK(statistics.high == 3);
  CHECK(statistics.mean == 2);
}

TEST_CASE("an image without valid pixels is refused") {
  StatisticsSum sum(ElementType::uint8);
  CHECK_THROWS_AS(sum.result(), Error);
  Image block(ElementType::uint8, 1, 4, 4);
  std::fill(block.valid().begin(), block.valid().end(), std::uint8_t{0});
  sum.add(block);
  CHECK_THROWS_AS(sum.result(), Error);
}

TEST_CASE("blocks and merged sums give what one block gives") {
  const auto check = []<class T>(T) {
    const std::vector<T> values = random_values<T>(30000, 5);
    StatisticsSum parts(element_type<T>());
    StatisticsSum others(element_type<T>());
    for (std::size_t begin = 0; begin < values.size(); begin += 1000) {
      const std::vector<T> piece(
          values.begin() + static_cast<std::ptrdiff_t>(begin),
          values.begin() + static_cast<std::ptrdiff_t>(begin + 1000));
      (begin % 3000 == 0 ? parts : others).add(block_of(piece));
    }
    parts.merge(others);
    check_equal(parts.result(), expected(values));
  };
  check(std::uint8_t{});
  check(std::uint16_t{});
  check(float{});
  check(std::int64_t{});
}

TEST_CASE("an empty sum can be merged in both directions") {
  StatisticsSum empty(ElementType::float32);
  StatisticsSum sum = sum_of<float>({1, 2, 4});
  sum.merge(empty);
  empty.merge(sum);
  check_equal(sum.result(), expected<float>({1, 2, 4}));
  check_equal(empty.result(), expected<float>({1, 2, 4}));
}

TEST_CASE("another type is refused") {
  StatisticsSum sum(ElementType::uint8);
  CHECK_THROWS_AS(sum.add(Image(ElementType::int16, 1, 2, 2)), Error);
  CHECK_THROWS_AS(sum.merge(StatisticsSum(ElementType::float32)), Error);
}

TEST_CASE("percentiles beyond the exact number are within half a percent of rank") {
  std::mt19937 random(17);
  std::lognormal_distribution<double> skewed(0, 2);
  std::vector<double> values(400000);
  for (double& value : values) value = skewed(random);
  SUBCASE("in random order") {}
  SUBCASE("in rising order") { std::sort(values.begin(), values.end()); }
  StatisticsSum sum(ElementType::float64, 1000);
  StatisticsSum other(ElementType::float64, 1000);
  for (std::size_t begin = 0; begin < values.size(); begin += 50000) {
    const std::vector<double> piece(
        values.begin() + static_cast<std::ptrdiff_t>(begin),
        values.begin() + static_cast<std::ptrdiff_t>(begin + 50000));
    (begin % 100000 == 0 ? sum : other).add(block_of(piece));
  }
  sum.merge(other);
  const Statistics got = sum.result();
  const Statistics want = expected(values);
  CHECK(got.low == want.low);
  CHECK(got.high == want.high);
  CHECK(got.mean == doctest::Approx(want.mean).epsilon(1e-10));
  CHECK(got.stdev == doctest::Approx(want.stdev).epsilon(1e-10));
  check_ranks(got, values, 0.005);
}

TEST_CASE(
    "millions of values, of which only samples are taken, are within half a percent "
    "too") {
  constexpr std::size_t count = 3'000'000;
  constexpr std::size_t rows = 20;
  StatisticsSum sum(ElementType::int32, 1000);
  Image block(ElementType::int32, 1, rows, count / 100 / rows);
  std::size_t next = 0;
  for (int i = 0; i < 100; ++i) {
    // every number below count once, in leaps
    for (std::int32_t& value : block.values<std::int32_t>())
      value = static_cast<std::int32_t>(next++ * 1'999'993 % count);
    sum.add(block);
  }
  const Statistics statistics = sum.result();
  CHECK(statistics.mean == doctest::Approx((count - 1) / 2.0).epsilon(1e-12));
  for (std::size_t i = 0; i < 99; ++i) {
    const double rank = statistics.percentiles[i] / count;
    CHECK(std::abs(rank - static_cast<double>(i + 1) / 100) < 0.005);
  }
}

TEST_CASE("the histogram counts equal steps and puts the upper bound into the last") {
  const auto check = [](const StatisticsSum& sum) {
    CHECK(sum.histogram(0, 10, 5) == std::vector<std::uint64_t>{2, 1, 0, 0, 2});
    CHECK(sum.histogram(4, 8, 2) == std::vector<std::uint64_t>{0, 1});
  };
  check(sum_of<std::uint8_t>({0, 1, 3, 8, 10, 200}));
  check(sum_of<float>({0, 1, 3, 8, 10, 200}));
  check(sum_of<float>({0, 1, 3, 8, 10, 200}, 2));
  CHECK(sum_of<float>({7, 7}).histogram(7, 7, 3) == std::vector<std::uint64_t>{2, 0, 0});
}

TEST_CASE("a histogram without steps or with a wrong range is refused") {
  const StatisticsSum sum = sum_of<float>({1, 2});
  CHECK_THROWS_AS(sum.histogram(0, 1, 0), Error);
  CHECK_THROWS_AS(sum.histogram(1, 0, 4), Error);
  CHECK_THROWS_AS(sum.histogram(std::numeric_limits<double>::quiet_NaN(), 1, 4), Error);
}

}  // namespace terrazzo::raster
