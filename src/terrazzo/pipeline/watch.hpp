#pragma once

#include <chrono>
#include <functional>

#include "terrazzo/pipeline/arrivals.hpp"

namespace terrazzo::pipeline {

struct WatchOptions {
  std::chrono::seconds resync{3600};  // between looks through the whole folder or prefix
};

// Tells the journal of what happens in the pipeline's folder and those in it, until the
// context ends (which is no error): first of all that is there and all that is gone, then
// of each file when it was closed after writing or renamed into place, and of each that
// was removed or renamed away. Looks through everything again when the system has
// dropped news, and now and then. Of a prefix of a store it is told by these looks alone.
//
//   on_resync  is told each time what that found
//
// Throws invalid_input: the pipeline has no folder. too_large: the system allows no more
// watches. As listed(); while the journal is unavailable it waits.
void watch(const Pipeline& pipeline, catalog::Journal& journal,
           const WatchOptions& options,
           const std::function<void(const Resync&)>& on_resync, const Context& context);

}  // namespace terrazzo::pipeline
