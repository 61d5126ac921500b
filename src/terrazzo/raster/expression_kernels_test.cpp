#include "terrazzo/raster/expression_kernels.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <doctest/doctest.h>

namespace terrazzo::raster::expressions {
namespace {

template <class T>
std::array<T, block_size> numbers(unsigned seed) {
  std::mt19937_64 random(seed);
  std::array<T, block_size> block;
  for (T& number : block) {
    const std::uint64_t bits = random();
    std::memcpy(&number, &bits, sizeof(T));  // NaN, infinite and tiny ones among them
  }
  if constexpr (std::is_floating_point_v<T>)
    for (std::size_t i = 0; i < block_size; i += 5)
      block[i] = static_cast<T>(random() % 1000) / 8;
  return block;
}

template <class T, class F>
void check_ways(F f) {
  const auto a = numbers<T>(1);
  const auto b = numbers<T>(2);
  using To = decltype(f(a[0], b[0]));
  std::array<To, block_size> plain;
  std::array<To, block_size> fast;
  each_plainly(f, plain.data(), a.data(), b.data());
  each(f, fast.data(), a.data(), b.data());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < block_size; ++i) {
    const bool both_nan = plain[i] != plain[i] && fast[i] != fast[i];
    wrong += !both_nan && std::memcmp(&plain[i], &fast[i], sizeof(To)) != 0;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE_TEMPLATE("long vectors give the numbers of the plain loop", T, double, float,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                   std::int64_t) {
  check_ways<T>([](T a, T b) { return a < b ? T{1} : T{0}; });
  if constexpr (std::is_floating_point_v<T>) {
    check_ways<T>([](T a, T b) { return a * b + a; });  // not fused
    check_ways<T>([](T a, T b) { return (a - b) / (a + b); });
    check_ways<T>([](T a, T b) {
      return std::abs(a / b) <= std::numeric_limits<T>::max() ? T{1} : T{0};
    });
  } else {
    using U = std::make_unsigned_t<T>;
    check_ways<T>([](T a, T b) {
      return static_cast<T>(static_cast<U>(static_cast<U>(a) - static_cast<U>(b)));
    });
    check_ways<T>(
        [](T a, T b) { return static_cast<double>(a) / static_cast<double>(b); });
  }
}

}  // namespace terrazzo::raster::expressions
