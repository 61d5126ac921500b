#include "terrazzo/catalog/journal.hpp"

#include <array>

namespace terrazzo::catalog {
namespace {

// In the order of State.
constexpr std::array<std::string_view, 7> names{"queued", "running", "done",   "failed",
                                                "dead",   "skipped", "deleted"};

}  // namespace

std::string_view state_name(State state) noexcept {
  return names[static_cast<std::size_t>(state)];
}

std::vector<std::string> state_names() { return {names.begin(), names.end()}; }

State state_from(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<State>(i);
  throw invalid("no state is called '{}'; there are: {}", name, fmt::join(names, ", "));
}

}  // namespace terrazzo::catalog
