#include "terrazzo/http/timing.hpp"

#include <iterator>

#include <fmt/format.h>

namespace terrazzo::http {
namespace {

void append(std::string& text, std::string_view name, Stages::Clock::duration time) {
  const double ms = std::chrono::duration<double, std::milli>(time).count();
  fmt::format_to(std::back_inserter(text), "{}{};dur={:.2f}", text.empty() ? "" : ", ",
                 name, ms);
}

}  // namespace

std::string timing_text(const Stages& stages, Stages::Clock::duration total,
                        bool is_picture) {
  std::string text;
  if (is_picture) text = stages.is_hit ? timing_of_hit : "cache;desc=miss";
  for (std::size_t i = 0; i < stage_names.size(); ++i) {
    const auto time = stages.of(static_cast<Stage>(i));
    if (time.count() > 0) append(text, stage_names[i], time);
  }
  append(text, "total", total);
  return text;
}

}  // namespace terrazzo::http
