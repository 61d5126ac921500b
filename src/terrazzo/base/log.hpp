#pragma once
// What the program says to its operator: one line on stderr for each event.
//
//   log::warning("a dataset could not be read", {{"keys", keys}, {"ms", 3.5}});

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "terrazzo/base/fields.hpp"
#include "terrazzo/base/time.hpp"

namespace terrazzo::log {

enum class Level { debug, info, warning, error, critical };
enum class Format {
  plain,  // 2018-05-01T12:30:59.123456Z warning message key=value
  json,   // {"time":"…","level":"warning","message":"…","key":value}
};

struct Field {
  std::string_view name;
  Json value;
};

// Before it is called, events from warning on are written as plain text.
void configure(Level least, Format format) noexcept;

// Throws invalid_input, with the known names in the message.
Level level_from(std::string_view name);
Format format_from(std::string_view name);

// Would such an event be written? For events that cost something to describe.
bool is_enabled(Level level) noexcept;

// Safe from any thread, lines are never mixed. Never throws: an event that cannot be
// written is dropped.
void write(Level level, std::string_view message, std::span<const Field> fields) noexcept;

using Fields = std::initializer_list<Field>;
inline void debug(std::string_view message, Fields fields = {}) noexcept {
  write(Level::debug, message, {fields.begin(), fields.size()});
}
inline void info(std::string_view message, Fields fields = {}) noexcept {
  write(Level::info, message, {fields.begin(), fields.size()});
}
inline void warning(std::string_view message, Fields fields = {}) noexcept {
  write(Level::warning, message, {fields.begin(), fields.size()});
}
inline void error(std::string_view message, Fields fields = {}) noexcept {
  write(Level::error, message, {fields.begin(), fields.size()});
}
inline void critical(std::string_view message, Fields fields = {}) noexcept {
  write(Level::critical, message, {fields.begin(), fields.size()});
}

// The line of an event without its end. Control characters and bytes that are not UTF-8
// cannot break it or pretend to be another one.
std::string line(Format format, Level level, Time time, std::string_view message,
                 std::span<const Field> fields);

}  // namespace terrazzo::log
