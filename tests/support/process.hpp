#pragma once
// Work in a process of its own, also one without the rights of root.

#include <exception>
#include <functional>

#include <sys/wait.h>
#include <unistd.h>

namespace terrazzo::testing {

// Exit code of `work` in a process of its own; 200: it threw.
inline int exit_code_of(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 200;
    try {
      code = work();
    } catch (const std::exception&) {
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// As exit_code_of, without the rights of root if there are any; 201: they stay.
inline int exit_code_as_nobody(const std::function<int()>& work) {
  return exit_code_of([&] {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) return 201;
    return work();
  });
}

}  // namespace terrazzo::testing
