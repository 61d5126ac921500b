#include "listen.hpp"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "settings.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/pool.hpp"

namespace terrazzo::app {
namespace {

constexpr std::size_t default_queue = 4096;
constexpr std::chrono::seconds last_grace{2};

// Answers at hand, which the event loop gives, go before pictures that are being drawn.
constexpr int behind_event_loop = 5;

std::size_t or_else(int value, std::size_t otherwise) {
  return value > 0 ? static_cast<std::size_t>(value) : otherwise;
}

// Keeps what the process holds near what it uses (mallopt(3), malloc_trim(3)): threads
// share few heaps, and every two seconds what lies free inside them goes back to the
// system, if there was work. Else a third more than the caches hold lies in pieces
// between.
class SmallHeap {
 public:
  SmallHeap(const Pool& pool, std::size_t cores) {
#if defined(__GLIBC__)
    constexpr int large = 128 << 10;  // bytes that are a mapping of their own
    mallopt(M_ARENA_MAX, static_cast<int>(cores) + 1);
    mallopt(M_MMAP_THRESHOLD, large);
    trimmer_ = std::jthread{[&pool](const std::stop_token& stop) { trim(pool, stop); }};
#else
    (void)pool, (void)cores;
#endif
  }

 private:
#if defined(__GLIBC__)
  static void trim(const Pool& pool, const std::stop_token& stop) {
    constexpr std::chrono::seconds pause{2};
    std::mutex mutex;
    std::condition_variable_any never;
    std::uint64_t seen = 0;
    std::unique_lock lock{mutex};
    while (!never.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      const std::uint64_t done = pool.figures().done;
      if (done != seen) malloc_trim(0);
      seen = done;
    }
  }
#endif

  std::jthread trimmer_;
};

// An address that a browser on this machine can open.
std::string url_of(const std::string& address, std::uint16_t port) {
  const bool everywhere = address == "0.0.0.0" || address == "::";
  const bool is_ipv6 = !everywhere && address.find(':') != std::string::npos;
  const auto host = everywhere ? "127.0.0.1" : is_ipv6 ? "[" + address + "]" : address;
  return fmt::format("http://{}:{}/", host, port);
}

// Does everything end that was told to stop?
bool becomes_idle(const Pool& pool) {
  const auto until = Context::Clock::now() + last_grace;
  for (;;) {
    const auto figures = pool.figures();
    if (figures.running == 0 && figures.queued == 0) return true;
    if (Context::Clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

// A read that nothing interrupts would keep the pool, and so the process, for ever.
[[noreturn]] void leave_all(const Listen& listen) {
  log::warning("requests that did not stop are left as they are");
  if (listen.abandon) listen.abandon();
  std::fflush(nullptr);
  std::_Exit(0);
}

}  // namespace

void set_ports(http::ServerOptions& options, int port, PortRange range) {
  options.port = port == 0 ? range.first : static_cast<std::uint16_t>(port);
  options.last_port = port == 0 ? range.last : 0;
}

int run_server(const Listen& listen, const std::stop_token& stop) {
  if (environment("TESTING")) return 0;
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  // It ends after the server, so what it runs must not hold the server itself.
  Pool pool{or_else(listen.threads, cores), or_else(listen.max_queue, default_queue),
            behind_event_loop};
  const SmallHeap heap{pool, cores};
  http::Server server{listen.options, listen.handler, pool, listen.quick};
  if (listen.watch) listen.watch(server);
  const std::stop_callback on_stop{stop, [&server] { server.stop(); }};
  listen.greet(url_of(listen.options.address, server.port()));
  server.run();
  if (!becomes_idle(pool)) leave_all(listen);
  return 0;
}

}  // namespace terrazzo::app
