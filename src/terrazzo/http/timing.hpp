#pragma once
// Where the time of an answer went, for browsers and logs.

#include <string>
#include <string_view>

#include "terrazzo/base/stages.hpp"

namespace terrazzo::http {

inline constexpr std::string_view timing_header = "Server-Timing";

// Of a picture that was there before it was asked for.
inline constexpr std::string_view timing_of_hit = "cache;desc=hit";

// "cache;desc=miss, queue;dur=0.01, plan;dur=0.06, total;dur=1.2": milliseconds of the
// stages that took any. Of answers other than pictures nothing is said about the cache.
std::string timing_text(const Stages& stages, Stages::Clock::duration total,
                        bool is_picture);

}  // namespace terrazzo::http
