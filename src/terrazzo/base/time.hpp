#pragma once
// Instants in UTC and how they are written.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace terrazzo {

using Time = std::chrono::sys_time<std::chrono::microseconds>;

Time now();

// ISO 8601: 2018-05, 2018-05-01, 2018-05-01T12:30, …:59, …:59.123456 (further digits
// are dropped), with Z, +02:00, +0200 or +02 after a time of day; a blank may stand for
// the T. Without an offset it is UTC; what is left out is the start of the period.
// Empty: it is not that, or no such day or time exists. Years 0000 to 9999.
std::optional<Time> find_iso_time(std::string_view text);

// The same. Throws invalid_input: it is not such a time.
Time time_from_iso(std::string_view text);

// "2018-05-01T12:30:59Z", with six digits of fraction if it is not a whole second.
std::string iso_text(Time time);

// The three forms of RFC 7231: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94
// 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". Empty: it is none of them.
std::optional<Time> time_from_http(std::string_view text);

// "Sun, 06 Nov 1994 08:49:37 GMT"; fractions are dropped.
std::string http_text(Time time);

}  // namespace terrazzo
