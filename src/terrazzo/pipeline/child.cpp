#include "terrazzo/pipeline/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "terrazzo/base/descriptor.hpp"
#include "terrazzo/base/files.hpp"
#include "terrazzo/base/text.hpp"

namespace terrazzo::pipeline {
namespace {

constexpr std::size_t most_kept = 4096;  // of the error output
constexpr int poll_ms = 50;

// What posix_spawn(3) is to do before the program starts.
class SpawnSettings {
 public:
  explicit SpawnSettings(int errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, errors, 2);
    posix_spawnattr_init(&attributes_);
    // A group of its own, with signals as a shell would leave them.
    sigset_t none;
    sigemptyset(&none);
    sigset_t usual;
    sigfillset(&usual);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP |
                                               POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  pid_t spawn(const std::vector<std::string>& words) const {
    std::vector<char*> arguments;
    for (const std::string& word : words)
      arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t child = 0;
    const int failed = ::posix_spawnp(&child, arguments[0], &actions_, &attributes_,
                                      arguments.data(), environ);
    if (failed != 0) throw file_failure(failed, "run", words[0]);
    return child;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// Ends the group and waits, whatever happens.
class Child {
 public:
  explicit Child(pid_t number) : number_(number) {}
  ~Child() {
    if (number_ == 0) return;
    ::kill(-number_, SIGKILL);
    ::waitpid(number_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int code_of_end() {
    int status = 0;
    while (::waitpid(number_, &status, 0) < 0 && errno == EINTR) {
    }
    number_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t number_;
};

// False: nothing will come any more.
bool take_some(int from, std::string& kept) {
  struct pollfd ready{from, POLLIN, 0};
  if (::poll(&ready, 1, poll_ms) <= 0) return true;
  std::array<char, 4096> buffer{};
  const ssize_t size = ::read(from, buffer.data(), buffer.size());
  if (size <= 0) return size < 0 && errno == EINTR;
  kept.append(buffer.data(), static_cast<std::size_t>(size));
  if (kept.size() > most_kept) kept.erase(0, kept.size() - most_kept);
  return true;
}

std::string last_line(std::string_view text) {
  text = trimmed(text);
  return shown(trimmed(text.substr(text.rfind('\n') + 1)), 200);
}

}  // namespace

ChildEnd run_child(const std::vector<std::string>& words, const Context& context) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw file_failure(errno, "run", words[0]);
  const Descriptor from{ends[0]};
  std::optional<Child> child;
  {
    const Descriptor to{ends[1]};
    child.emplace(SpawnSettings{to.number()}.spawn(words));
  }
  std::string errors;
  while (take_some(from.number(), errors)) context.check();
  return {child->code_of_end(), last_line(errors)};
}

}  // namespace terrazzo::pipeline
