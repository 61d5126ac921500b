#pragma once
// The inside of the server: what its connections and its threads share. Only server.cpp
// and session.cpp include this.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include "terrazzo/base/pool.hpp"
#include "terrazzo/base/stages.hpp"
#include "terrazzo/http/server.hpp"

namespace terrazzo::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;

class Session;

// What all connections share; outlives the Server while the pool still runs requests.
struct Common {
  ServerFigures figures() const noexcept {
    return {connections, in_flight, rejected, draining};
  }

  ServerOptions options;
  Handler handler;
  QuickHandler quick;  // may be empty
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<bool> draining{false};
  std::atomic<bool> is_over{false};       // nobody waits for what is still queued
  std::atomic<std::uint64_t> aborted{0};  // requests that drain_timeout cut off
};

// One thread with its connections. All but post() from that thread only.
struct Shard : std::enable_shared_from_this<Shard> {
  Shard(std::shared_ptr<Common> c, Pool& p) : common(std::move(c)), pool(p) {}

  // Accepts and serves until drain() or abort() and the end of the last connection.
  void run();
  void drain();
  void abort();
  void remove(const std::shared_ptr<Session>& session);

  // From any thread; dropped once the shard has ended. Waits while there is no memory:
  // what is posted must not be lost.
  template <class F>
  void post(const F& work) {
    while (!try_post(work)) std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  // What was posted in the last moment is still done: it holds what holds this shard.
  void end();

  std::shared_ptr<Common> common;
  Pool& pool;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard =
      asio::make_work_guard(io);
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_timer{io};
  std::unordered_set<std::shared_ptr<Session>> sessions;
  std::mutex mutex;
  bool has_ended = false;
  bool is_accepting = false;  // or waiting to

 private:
  void accept();
  void pause();
  bool welcome(tcp::socket socket) noexcept;

  template <class F>
  bool try_post(const F& work) {
    try {
      const std::lock_guard lock{mutex};
      if (!has_ended) asio::post(io, work);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }
};

// One connection: idle, reading, being answered, writing, and again.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<Shard> shard);
  ~Session() { --common_.connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void wait_for_request();
  // Answers that there are too many connections.
  void turn_away();
  void drain() {
    if (is_idle_) close();
  }
  void abort() {
    if (is_answering_) ++common_.aborted;
    close();
  }
  void close();

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;

  // A request with its answer, made before the request goes to the pool.
  struct Exchange {
    Request request;
    Context context;
    Response response;
    Context::Clock::time_point posted;
    Stages stages{};
  };

  // Calls a member with what an operation came to. If it throws, the memory has run out
  // and the connection is closed.
  template <class F>
  auto then(F member) {
    return [self = shared_from_this(), member](error_code fault, std::size_t size) {
      try {
        ((*self).*member)(fault, size);
      } catch (const std::exception&) {
        self->close();
      }
    };
  }

  void next_request();
  void request_begins(error_code fault, std::size_t size);
  void read_head();
  void head_was_read(error_code fault, std::size_t size);
  void send_continue();
  void continue_was_sent(error_code fault, std::size_t size);
  void read_body();
  void body_was_read(error_code fault, std::size_t size);
  void begin_patience(double time);
  void go_on_waiting();
  void refuse(error_code fault);

  void hand_over();
  bool answer_at_once();
  bool post(const std::shared_ptr<Exchange>& exchange);
  void work(const std::shared_ptr<Exchange>& exchange) noexcept;
  void watch_client();
  void client_stopped_sending();

  void answer(Response response);
  void answer_and_close(int status);
  void send(Response response);
  void write();
  void write_rest();
  void was_written();
  void part_was_written(error_code fault, std::size_t size);
  void linger();
  void rest_was_read(error_code fault, std::size_t size);

  std::shared_ptr<Shard> shard_;
  Common& common_;
  beast::tcp_stream stream_;
  asio::steady_timer patience_;  // for what the client has to send
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::stop_source stop_{std::nostopstate};
  std::uint64_t number_ = 0;  // of the request, to tell late news about an old one
  std::string head_;
  Body body_;
  std::size_t sent_ = 0;
  std::size_t left_to_linger_ = 0;
  bool is_idle_ = false;
  bool is_reading_ = false;
  bool is_late_ = false;  // its patience ended while it was reading
  bool is_answering_ = false;
  bool is_closed_ = false;
  bool keeps_ = true;
  bool is_head_ = false;
  bool is_http_1_0_ = false;
};

}  // namespace terrazzo::http
