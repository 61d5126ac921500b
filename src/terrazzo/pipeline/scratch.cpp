#include "terrazzo/pipeline/scratch.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/base/digest.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/pipeline/outputs.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;

// Different for machines that share the outputs: "1a2b3c4d-".
std::string host_mark() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return digest(name.data()).substr(0, 8) + '-';
}

// The process of this machine that made a folder of this name; 0: none did.
pid_t maker_of(std::string_view name, std::string_view host) {
  if (!name.starts_with(host)) return 0;
  name.remove_prefix(host.size());
  pid_t maker = 0;
  const auto end = std::from_chars(name.data(), name.data() + name.size(), maker);
  return end.ec == std::errc{} && *end.ptr == '-' ? maker : 0;
}

void remove_folders_of_the_dead(const fs::path& parent, std::string_view host) {
  std::error_code ignored;
  for (fs::directory_iterator entry{parent, ignored}, end; !ignored && entry != end;
       entry.increment(ignored)) {
    const auto maker = maker_of(entry->path().filename().string(), host);
    std::error_code failed;
    if (maker > 0 && ::kill(maker, 0) != 0 && errno == ESRCH)
      fs::remove_all(entry->path(), failed);
  }
}

fs::path parent_of(const std::string& outputs) {
  if (is_in_a_store(outputs)) return fs::temp_directory_path() / "terrazzo";
  return fs::path{outputs} / ".terrazzo";
}

}  // namespace

void remove_scratch_of_the_dead(const std::string& outputs) noexcept {
  try {
    remove_folders_of_the_dead(parent_of(outputs), host_mark());
  } catch (const std::exception& error) {
    log::debug("what dead workers have left stays", {{"reason", error.what()}});
  }
}

Scratch::Scratch(const std::string& outputs) {
  static std::atomic<unsigned> count = 0;
  const auto parent = parent_of(outputs);
  const auto host = host_mark();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) throw output_failure(error.value(), parent);
  remove_folders_of_the_dead(parent, host);
  folder_ = parent / fmt::format("{}{}-{}", host, ::getpid(), ++count);
  fs::remove_all(folder_, error);  // of an earlier process of that number
  fs::create_directory(folder_, error);
  if (error) throw output_failure(error.value(), folder_);
}

Scratch::~Scratch() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

}  // namespace terrazzo::pipeline
