#include "terminal.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace terrazzo::app {
namespace {

using namespace std::chrono_literals;
constexpr auto between_bars = 100ms;
constexpr auto between_lines = 5s;
constexpr std::size_t bar_width = 30;

std::string bar(double share) {
  const auto full = std::min(bar_width, static_cast<std::size_t>(share * bar_width));
  return std::string(full, '#') + std::string(bar_width - full, '.');
}

}  // namespace

void Session::result(const Json& json_form, std::string_view text) const {
  if (json)
    fmt::print("{}\n", json_form.dump(2, ' ', false, Json::error_handler_t::replace));
  else if (!quiet)
    fmt::print("{}\n", text);
  std::fflush(stdout);
}

ProgressLine::ProgressLine(std::string verb, const Session& session)
    : verb_(std::move(verb)),
      quiet_(session.quiet),
      terminal_(::isatty(STDERR_FILENO) != 0) {
  next_ = Clock::now() + (terminal_ ? 0s : between_lines);
}

ProgressLine::~ProgressLine() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void ProgressLine::operator()(const jobs::Progress& progress) {
  if (quiet_ || Clock::now() < next_) return;
  const auto failed =
      progress.failed == 0 ? "" : fmt::format(", {} failed", progress.failed);
  const auto figures = fmt::format("{}/{}{}", progress.done, progress.total, failed);
  if (terminal_) {
    fmt::print(stderr, "\r\033[K{} [{}] {:.0f} % {}", verb_, bar(progress.share),
               progress.share * 100, figures);
    drawn_ = true;
    next_ = Clock::now() + between_bars;
  } else {
    fmt::print(stderr, "{} {}\n", verb_, figures);
    next_ = Clock::now() + between_lines;
  }
}

std::string failure_lines(const std::vector<jobs::Failure>& failures) {
  std::string lines;
  for (const jobs::Failure& failure : failures)
    lines += fmt::format("error: {}: {}\n", failure.path, failure.message);
  return lines;
}

Json failure_json(const std::vector<jobs::Failure>& failures) {
  Json list = Json::array();
  for (const jobs::Failure& failure : failures)
    list.push_back({{"path", failure.path},
                    {"kind", error_facts(failure.kind).name},
                    {"message", failure.message}});
  return list;
}

int exit_code(const std::vector<jobs::Failure>& failures) {
  return failures.empty() ? 0 : error_facts(jobs::worst(failures)).exit_code;
}

bool confirmed(std::string_view question) {
  fmt::print(stderr, "{} [y/N] ", question);
  std::string answer;
  std::getline(std::cin, answer);
  return answer.starts_with('y') || answer.starts_with('Y');
}

}  // namespace terrazzo::app
