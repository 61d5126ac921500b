#include "terrazzo/base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>

#include "terrazzo/base/text.hpp"

namespace terrazzo::log {
namespace {

constexpr std::array<std::string_view, 5> level_names{"debug", "info", "warning", "error",
                                                      "critical"};
constexpr std::array<std::string_view, 2> format_names{"plain", "json"};

std::atomic<Level> least_level{Level::warning};
std::atomic<Format> line_format{Format::plain};

spdlog::logger& logger() {
  static spdlog::logger to_stderr = [] {
    spdlog::logger made{"terrazzo", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
    made.set_pattern("%v");
    made.set_level(spdlog::level::trace);  // this file decides what is written
    return made;
  }();
  return to_stderr;
}

std::string_view name_of(Level level) {
  return level_names.at(static_cast<std::size_t>(level));
}

template <std::size_t n>
std::size_t place_in(const std::array<std::string_view, n>& names, std::string_view what,
                     std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  throw invalid("no {} is called '{}'; there are: {}", what, shown(name),
                fmt::join(names, ", "));
}

// JSON leaves DEL and the controls from U+0080 as they are; terminals obey them.
std::string json_text(const Json& value) {
  return shown(value.dump(-1, ' ', false, Json::error_handler_t::replace),
               std::string::npos);
}

// Words stand bare, everything else as in JSON, so that a line can be taken apart again.
std::string plain_value(const Json& value) {
  if (!value.is_string()) return json_text(value);
  const auto& text = value.get_ref<const std::string&>();
  const bool bare = !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < 0x7F && c != '"' && c != '=' && c != '\\';
  });
  return bare ? text : json_text(value);
}

std::string without_controls(std::string_view text) {
  const std::string quoted = json_text(text);
  std::string out = quoted.substr(1, quoted.size() - 2);
  for (std::size_t at = 0; (at = out.find("\\\"", at)) != std::string::npos; ++at)
    out.erase(at, 1);
  return out;
}

}  // namespace

void configure(Level least, Format format) noexcept {
  least_level = least;
  line_format = format;
}

Level level_from(std::string_view name) {
  return static_cast<Level>(place_in(level_names, "log level", name));
}

Format format_from(std::string_view name) {
  return static_cast<Format>(place_in(format_names, "log format", name));
}

bool is_enabled(Level level) noexcept { return level >= least_level.load(); }

std::string line(Format format, Level level, Time time, std::string_view message,
                 std::span<const Field> fields) {
  if (format == Format::plain) {
    std::string out = fmt::format("{} {} {}", iso_text(time), name_of(level),
                                  without_controls(message));
    for (const Field& field : fields)
      out += fmt::format(" {}={}", field.name, plain_value(field.value));
    return out;
  }
  Json out{{"time", iso_text(time)}, {"level", name_of(level)}, {"message", message}};
  for (const Field& field : fields) out[std::string{field.name}] = field.value;
  return json_text(out);
}

void write(Level level, std::string_view message,
           std::span<const Field> fields) noexcept {
  if (!is_enabled(level)) return;
  try {
    logger().log(spdlog::level::info, line(line_format, level, now(), message, fields));
  } catch (...) {  // nobody is left to tell
    return;
  }
}

}  // namespace terrazzo::log
