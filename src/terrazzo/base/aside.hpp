#pragma once
// Files written beside the one they will become, so that its name never stands for half
// a file.

#include <filesystem>
#include <string>
#include <string_view>

#include "terrazzo/base/error.hpp"

namespace terrazzo {

// Every file of one output under way starts with ".NAME.terrazzo-HOST-PROCESS-N.".
// All of them go when the object does; those of processes that died on this machine go
// when the next one starts on the same output.
class AsideFiles {
 public:
  // Throws not_found: the folder of the output is not there.
  explicit AsideFiles(std::filesystem::path output);
  ~AsideFiles();
  AsideFiles(const AsideFiles&) = delete;
  AsideFiles& operator=(const AsideFiles&) = delete;

  std::filesystem::path file(std::string_view ending) const;

  // Syncs the file and gives it the output's name, in one step for whoever looks.
  // Throws conflict: the output exists and may not be replaced. unavailable: the disk
  // is full or failing. denied: the folder may not be written.
  void publish(const std::filesystem::path& file, bool replace) const;

 private:
  std::filesystem::path output_;
  std::string family_;  // start of the names of all runs on this output
  std::string prefix_;  // start of the names of this one
};

// Is this the name of a file under way, of whatever output, process and machine?
bool is_aside(std::string_view name);

// What went wrong with a file under way, by errno. unavailable: the disk is full or
// failing. denied: the folder may not be written. conflict: the file exists.
Error output_failure(int code, const std::filesystem::path& path);

// A new file of these bytes. Throws as publish().
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace terrazzo
