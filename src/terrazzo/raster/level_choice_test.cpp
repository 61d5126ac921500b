#include "terrazzo/raster/level_choice.hpp"

#include <array>

#include <doctest/doctest.h>

namespace terrazzo::raster {
namespace {

constexpr std::array factors{1.0, 2.0, 4.0, 8.0};

TEST_CASE("the level just finer than the picture is read") {
  CHECK(choose_level(factors, 0.1) == 0);
  CHECK(choose_level(factors, 1) == 0);
  CHECK(choose_level(factors, 1.9) == 0);
  CHECK(choose_level(factors, 2) == 1);
  CHECK(choose_level(factors, 3.9) == 1);
  CHECK(choose_level(factors, 4) == 2);
  CHECK(choose_level(factors, 1000) == 3);
}

TEST_CASE("the last digits of a transformation choose no level") {
  CHECK(choose_level(factors, 2 - 1e-9) == 1);
  CHECK(choose_level(factors, 2 + 1e-9) == 1);
}

TEST_CASE("levels may be missing or come in any order") {
  CHECK(choose_level(std::array{1.0}, 64) == 0);
  CHECK(choose_level(std::array{8.0, 1.0, 4.0}, 5) == 2);
  CHECK(choose_level(std::array{8.0, 4.0}, 2) == 1);  // the finest there is
}

}  // namespace
}  // namespace terrazzo::raster
