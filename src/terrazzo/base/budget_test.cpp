#include "terrazzo/base/budget.hpp"

#include <string>

#include <doctest/doctest.h>

#include "terrazzo/base/cache.hpp"

using namespace terrazzo;

namespace {

using Texts = Cache<int, std::string>;

// A value of 100 bytes in all.
void ask(Texts& cache, int key) {
  constexpr std::size_t size = 100 - Texts::entry_bytes % 100;
  static_assert(Texts::entry_bytes < 200);
  cache.get_or_make(key, [] { return std::string{}; }, [](const auto&) { return size; });
}
constexpr std::size_t value_bytes = Texts::entry_bytes + 100 - Texts::entry_bytes % 100;

// Two caches on a budget of 64 values, and what making a value costs them.
struct Two {
  explicit Two(double cost_a = 1, double cost_b = 1) {
    seat_a = budget->add(tenant("a", a, cost_a));
    seat_b = budget->add(tenant("b", b, cost_b));
  }
  static Budget::Tenant tenant(std::string name, Texts& cache, double cost) {
    return {
        .name = std::move(name),
        .figures = [&cache] { return cache.figures(); },
        .resize = [&cache](std::size_t bytes,
                           std::size_t margin) { return cache.resize(bytes, margin); },
        .make_seconds = cost};
  }
  // Each cache is asked for so many values, round and round.
  void work(int values_a, int values_b) {
    for (int round = 0; round < 20; ++round) {
      for (int key = 0; key < values_a; ++key) ask(a, key);
      for (int key = 0; key < values_b; ++key) ask(b, key);
      budget->balance();
      CHECK(a.figures().max_bytes + b.figures().max_bytes <= budget->max_bytes());
      CHECK(a.figures().bytes + b.figures().bytes <= budget->max_bytes());
    }
  }

  std::shared_ptr<Budget> budget = Budget::of(64 * value_bytes);
  Texts a{0};
  Texts b{0};
  Budget::Seat seat_a;
  Budget::Seat seat_b;
};

}  // namespace

TEST_CASE("shares begin by weight and add up to the budget") {
  const auto budget = Budget::of(1000);
  Texts a{0};
  Texts b{0};
  const auto seat_a = budget->add("a", 3, a);
  CHECK(a.figures().max_bytes == 1000);
  const auto seat_b = budget->add("b", 1, b);
  CHECK(a.figures().max_bytes == 750);
  CHECK(b.figures().max_bytes == 250);
  REQUIRE(budget->shares().size() == 2);
  CHECK(budget->shares()[1].name == "b");
}

TEST_CASE("the share moves to the cache whose misses it would make hits") {
  Two two;
  two.work(40, 8);  // 32 values have room in each at first
  CHECK(two.a.figures().max_bytes >= 40 * value_bytes);
  CHECK(two.b.figures().max_bytes >= 8 * value_bytes);
  const auto before = two.a.figures();
  two.work(40, 8);
  CHECK(two.a.figures().misses == before.misses);

  two.work(8, 32);
  CHECK(two.b.figures().max_bytes >= 32 * value_bytes);
}

TEST_CASE("what costs more to make keeps more") {
  Two two{100, 1};
  two.work(36, 36);
  CHECK(two.a.figures().max_bytes >= 36 * value_bytes);
  Two other{1, 100};
  other.work(36, 36);
  CHECK(other.b.figures().max_bytes >= 36 * value_bytes);
}

TEST_CASE("no cache falls below a quarter of a step, and nothing moves without reason") {
  Two two;
  two.work(1000, 0);  // more than any share: no step would help
  CHECK(two.a.figures().max_bytes == 32 * value_bytes);
  for (int values = 33; values <= 64; ++values) two.work(values, 0);
  CHECK(two.b.figures().max_bytes >= value_bytes);
}

TEST_CASE("a cache whose share is too small for any value gets more") {
  const auto budget = Budget::of(64 * value_bytes);
  Cache<int, std::string> large{0};
  Texts other{0};
  const auto seat_other = budget->add(Two::tenant("other", other, 1));
  auto tenant = Two::tenant("large", large, 1);
  tenant.weight = 0.05;  // room for three
  const auto seat = budget->add(std::move(tenant));
  for (int round = 0; round < 10; ++round) {
    large.get_or_make(
        1, [] { return std::string{}; },
        [](const auto&) { return 6 * value_bytes - Texts::entry_bytes; });
    budget->balance();
  }
  CHECK(large.figures().entries == 1);
}

TEST_CASE("shares move by themselves after enough was made") {
  Two two;
  for (int round = 0; round < 40; ++round) {
    for (int key = 0; key < 40; ++key) {
      ask(two.a, key);
      two.budget->note();
    }
  }
  CHECK(two.a.figures().max_bytes > 32 * value_bytes);
}

TEST_CASE("a cache that is gone is asked nothing more") {
  const auto budget = Budget::of(1000);
  Texts a{0};
  const auto seat = budget->add("a", 1, a);
  {
    Texts b{0};
    const auto seat_b = budget->add("b", 1, b);
  }
  budget->balance();
  CHECK(budget->shares().size() == 1);
}

TEST_CASE("a budget of nothing keeps nothing") {
  const auto budget = Budget::of(0);
  Texts a{0};
  Texts b{0};
  const auto seat_a = budget->add("a", 1, a);
  const auto seat_b = budget->add("b", 1, b);
  ask(a, 1);
  budget->balance();
  CHECK(a.figures().entries == 0);
}
