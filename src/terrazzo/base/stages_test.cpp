#include "terrazzo/base/stages.hpp"

#include <thread>

#include <doctest/doctest.h>

using namespace terrazzo;
using namespace std::chrono_literals;

TEST_CASE("the time of a stage is its own, without the stages within") {
  Stages stages;
  const auto start = Stages::Clock::now();
  {
    const StageTimer warp{&stages, Stage::warp};
    for (int i = 0; i < 2; ++i) {
      const StageTimer read{&stages, Stage::read};
      const StageTimer decode{&stages, Stage::decode};
      std::this_thread::sleep_for(5ms);
    }
  }
  const auto whole = Stages::Clock::now() - start;
  CHECK(stages.of(Stage::decode) >= 10ms);
  CHECK(stages.of(Stage::warp) + stages.of(Stage::read) + stages.of(Stage::decode) <=
        whole);
  CHECK(stages.of(Stage::draw) == 0ms);
}

TEST_CASE("without anybody who asks nothing is timed") {
  const StageTimer nobody{nullptr, Stage::draw};
}
