#include "terrazzo/http/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <vector>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/http/listen.hpp"
#include "terrazzo/http/session.hpp"
#include "terrazzo/http/wire.hpp"

namespace terrazzo::http {
namespace {

constexpr auto accept_pause = std::chrono::milliseconds{100};
// Over max_connections: told so; further ones are closed without a word.
constexpr std::size_t most_turned_away = 256;

}  // namespace

void Shard::run() {
  for (;;) {
    try {
      if (!is_accepting && acceptor.is_open()) accept();
      io.run();
      return end();
    } catch (const std::exception& e) {
      log::error("a thread of the server stumbled", {{"error", e.what()}});
      std::this_thread::sleep_for(accept_pause);
    }
  }
}

void Shard::accept() {
  acceptor.async_accept(io, [this](error_code fault, tcp::socket socket) {
    is_accepting = false;
    if (!acceptor.is_open()) return;
    // Most likely no file descriptor is left: some connection has to end first.
    if (fault || !welcome(std::move(socket))) return pause();
    accept();
  });
  is_accepting = true;
}

void Shard::pause() {
  accept_timer.expires_after(accept_pause);
  accept_timer.async_wait([this](error_code stopped) {
    is_accepting = false;
    if (!stopped && acceptor.is_open()) accept();
  });
  is_accepting = true;
}

// False: there is no memory for another connection.
bool Shard::welcome(tcp::socket socket) noexcept {
  const std::size_t most = common->options.max_connections;
  const std::size_t others = common->connections;
  if (others >= most + most_turned_away) return true;
  std::shared_ptr<Session> session;
  try {
    session = std::make_shared<Session>(std::move(socket), shared_from_this());
    sessions.insert(session);
    if (others < most) {
      session->wait_for_request();
    } else {
      session->turn_away();
    }
    return true;
  } catch (const std::exception&) {
    if (session) session->close();
    return false;
  }
}

void Shard::drain() {
  error_code ignored;
  acceptor.close(ignored);
  accept_timer.cancel();
  for (auto at = sessions.begin(); at != sessions.end();) {
    const auto session = *at++;  // it may leave the set
    session->drain();
  }
  if (sessions.empty()) guard.reset();
}

void Shard::abort() {
  for (auto at = sessions.begin(); at != sessions.end();) {
    const auto session = *at++;
    session->abort();
  }
  guard.reset();
}

void Shard::remove(const std::shared_ptr<Session>& session) {
  sessions.erase(session);
  if (common->draining && sessions.empty()) guard.reset();
}

void Shard::end() {
  {
    const std::lock_guard lock{mutex};
    has_ended = true;
  }
  io.restart();
  io.poll();
}

struct Server::State {
  State(const ServerOptions& options, Handler handler, Pool& pool, QuickHandler quick)
      : common(std::make_shared<Common>()) {
    common->options = options;
    common->handler = std::move(handler);
    common->quick = std::move(quick);
    raise_file_limit();
    const std::size_t count = io_thread_count(options.io_threads);
    for (std::size_t i = 0; i < count; ++i)
      shards.push_back(std::make_shared<Shard>(common, pool));
    const Listener listener = listen_in_range(options);
    port = listener.port;
    // All threads accept from one listening socket. Sockets of their own (SO_REUSEPORT)
    // would let a second server of the same user take the port unnoticed.
    const auto protocol = listener.is_ipv6 ? tcp::v6() : tcp::v4();
    shards.front()->acceptor.assign(protocol, listener.descriptor);
    for (std::size_t i = 1; i < count; ++i)
      shards[i]->acceptor.assign(protocol, ::dup(listener.descriptor));
  }

  void serve(Shard& shard) {
    shard.run();
    const std::lock_guard lock{mutex};
    ++ended;
    changed.notify_all();
  }

  void stop() {
    {
      const std::lock_guard lock{mutex};
      if (common->draining.exchange(true)) return;
      changed.notify_all();
    }
    for (const auto& shard : shards) shard->post([shard] { shard->drain(); });
  }

  std::shared_ptr<Common> common;
  std::vector<std::shared_ptr<Shard>> shards;
  std::uint16_t port = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t ended = 0;
  bool has_run = false;
};

Server::Server(const ServerOptions& options, Handler handler, Pool& pool,
               QuickHandler quick)
    : state_(
          std::make_shared<State>(options, std::move(handler), pool, std::move(quick))) {}

Server::~Server() {
  stop();
  state_->common->is_over = true;
  if (state_->has_run) return;
  for (const auto& shard : state_->shards) shard->end();
}

std::uint16_t Server::port() const noexcept { return state_->port; }

void Server::stop() noexcept { state_->stop(); }

ServerFigures Server::figures() const noexcept { return state_->common->figures(); }

std::function<ServerFigures()> Server::watcher() const {
  return [common = state_->common] { return common->figures(); };
}

bool Server::run() {
  State& state = *state_;
  state.has_run = true;
  asio::io_context& first = state.shards.front()->io;
  asio::signal_set signals{first};
  if (state.common->options.stop_on_signals) {
    signals.add(SIGINT);
    signals.add(SIGTERM);
    // Once: a second signal ends the process at once.
    signals.async_wait([&](error_code fault, int) {
      if (fault) return;
      signals.clear();
      state.stop();
    });
  }
  std::vector<std::jthread> threads;
  for (const auto& shard : state.shards)
    threads.emplace_back([&state, shard] { state.serve(*shard); });

  std::unique_lock lock{state.mutex};
  state.changed.wait(lock, [&] { return state.common->draining.load(); });
  state.shards.front()->post([&signals] { signals.cancel(); });
  const auto all_ended = [&] { return state.ended == state.shards.size(); };
  const auto patience = seconds(state.common->options.drain_timeout);
  const bool is_drained = state.changed.wait_for(lock, patience, all_ended);
  if (!is_drained) {
    state.common->is_over = true;
    for (const auto& shard : state.shards) shard->post([shard] { shard->abort(); });
    state.changed.wait(lock, all_ended);
  }
  lock.unlock();
  threads.clear();
  return state.common->aborted == 0;
}

}  // namespace terrazzo::http
