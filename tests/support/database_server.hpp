#pragma once
// Real database servers of a test's own, started by the scripts of tests/servers.

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/scratch_folder.hpp"
#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::testing {

class DatabaseServerProcess {
 public:
  struct Kind {
    const char* script;  // in tests/servers
    const char* scheme;  // of its URLs
    int end_signal;      // that ends it without waiting for its users
  };

  explicit DatabaseServerProcess(const Kind& kind) : kind_(kind), port_(free_port()) {
    start();
  }
  ~DatabaseServerProcess() { stop(); }
  DatabaseServerProcess(const DatabaseServerProcess&) = delete;
  DatabaseServerProcess& operator=(const DatabaseServerProcess&) = delete;

  bool is_present() const { return process_ > 0; }

  std::string url(const std::string& database,
                  const std::string& login = "terrazzo:terrazzo") const {
    return fmt::format("{}://{}@127.0.0.1:{}/{}", kind_.scheme, login, port_, database);
  }

  // Until it answers, on the same port as before. Not present if it is not installed.
  void start() {
    process_ = ::fork();
    if (process_ == 0) {
      const std::string script =
          std::string{TERRAZZO_SOURCE_DIR "/tests/servers/"} + kind_.script;
      ::execl(script.c_str(), script.c_str(), folder_.path().c_str(),
              std::to_string(port_).c_str(), nullptr);
      ::_exit(127);
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes{2};
    while (!answers()) {
      REQUIRE(std::chrono::steady_clock::now() < until);
      int status = 0;
      if (::waitpid(process_, &status, WNOHANG) == process_) {
        process_ = -1;
        REQUIRE(WIFEXITED(status));
        REQUIRE(WEXITSTATUS(status) == 77);
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
  }

  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, kind_.end_signal);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }

 private:
  static int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, any, size) != 0 || ::getsockname(socket, any, &size) != 0)
      throw failure(ErrorKind::unavailable, "there is no free port");
    ::close(socket);
    return ::ntohs(address.sin_port);
  }

  // It says that a database is not there as soon as it can say anything.
  bool answers() const {
    try {
      catalog::open_catalog(url("no_such_database"), {.timeout_seconds = 0});
    } catch (const Error& error) {
      return error.kind() == ErrorKind::not_found;
    }
    return true;
  }

  Kind kind_;
  ScratchFolder folder_;
  int port_;
  pid_t process_ = -1;
};

inline constexpr DatabaseServerProcess::Kind postgresql_server{"postgresql", "postgresql",
                                                               SIGINT};
inline constexpr DatabaseServerProcess::Kind mariadb_server{"mariadb", "mysql", SIGTERM};

// One for all the tests of a program, which start it with the first that asks. Null, with
// a word about it: none is installed.
template <const DatabaseServerProcess::Kind& kind>
DatabaseServerProcess* shared_server() {
  static const auto server = std::make_unique<DatabaseServerProcess>(kind);
  if (server->is_present()) return server.get();
  MESSAGE("not present: a server of " << kind.scheme);
  return nullptr;
}

}  // namespace terrazzo::testing
