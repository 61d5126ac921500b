#pragma once
// Where the time of one request goes.

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace terrazzo {

enum class Stage { queue, plan, read, decode, warp, draw, encode };

inline constexpr std::array<std::string_view, 7> stage_names{
    "queue", "plan", "read", "decode", "warp", "draw", "encode"};

// For one thread at a time. Costs a look at the clock for each beginning and each end.
class Stages {
 public:
  using Clock = std::chrono::steady_clock;

  void add(Stage stage, Clock::duration time) noexcept {
    times_[static_cast<std::size_t>(stage)] += time;
  }
  // Without the stages within it.
  Clock::duration of(Stage stage) const noexcept {
    return times_[static_cast<std::size_t>(stage)];
  }

  bool is_hit = false;  // a picture that a cache had, or another request made

 private:
  friend class StageTimer;
  std::array<Clock::duration, stage_names.size()> times_{};
  Clock::duration within_{};  // of timers inside the one that runs
};

// The time of its scope goes to a stage. stages: null does nothing.
class StageTimer {
 public:
  StageTimer(Stages* stages, Stage stage) noexcept : stages_(stages), stage_(stage) {
    if (stages_ == nullptr) return;
    start_ = Stages::Clock::now();
    outside_ = stages_->within_;
    stages_->within_ = {};
  }
  ~StageTimer() {
    if (stages_ == nullptr) return;
    const auto time = Stages::Clock::now() - start_;
    stages_->add(stage_, time - stages_->within_);
    stages_->within_ = outside_ + time;
  }
  StageTimer(const StageTimer&) = delete;
  StageTimer& operator=(const StageTimer&) = delete;

 private:
  Stages* stages_;
  Stage stage_;
  Stages::Clock::time_point start_{};
  Stages::Clock::duration outside_{};
};

}  // namespace terrazzo
