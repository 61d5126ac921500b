#include "stop.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace terrazzo::app {
namespace {

constexpr int interrupted = 130;  // exit code of a shell for SIGINT

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void watch(std::stop_source stop, const std::stop_token& over) {
  const sigset_t set = stop_signals();
  while (true) {
    int signal = 0;
    sigwait(&set, &signal);
    if (over.stop_requested()) return;
    if (stop.stop_requested()) _exit(interrupted);
    stop.request_stop();
  }
}

}  // namespace

StopOnSignals::StopOnSignals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread{watch, stop_, over_.get_token()};
}

StopOnSignals::~StopOnSignals() {
  over_.request_stop();
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace terrazzo::app
