#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace terrazzo::pipeline {

// A folder of one's own for files under way, in the hidden folder .terrazzo of the
// outputs, so that a finished file can be moved to where it is published; if that is a
// store, in the folder terrazzo of the system's temporary files. It goes with
// everything in it when the object does; those of processes that died on this machine go
// when the next one is made.
class Scratch {
 public:
  // Throws as output_failure().
  explicit Scratch(const std::string& outputs);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::filesystem::path file(std::string_view name) const { return folder_ / name; }

 private:
  std::filesystem::path folder_;
};

// Removes what processes that died on this machine have left. Throws nothing: what cannot
// be removed stays.
void remove_scratch_of_the_dead(const std::string& outputs) noexcept;

}  // namespace terrazzo::pipeline
