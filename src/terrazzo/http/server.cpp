#include "terrazzo/http/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/pool.hpp"
#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/listen.hpp"
#include "terrazzo/http/text.hpp"
#include "terrazzo/http/wire.hpp"

namespace terrazzo::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = Context::Clock;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t read_size = 8192;
constexpr std::size_t most_linger_bytes = std::size_t{16} << 20;
constexpr auto linger_time = std::chrono::seconds{2};
constexpr auto half_closed_grace = std::chrono::seconds{1};
constexpr auto accept_pause = std::chrono::milliseconds{100};

Request request_of(Parser::value_type& message) {
  Request request;
  request.method = std::string{message.method_string()};
  const auto target = message.target();
  split_target({target.data(), target.size()}, request);
  for (const auto& field : message) {
    const auto name = field.name_string();
    request.headers.emplace_back(
        lower_case({name.data(), name.size()}),
        utf8_repaired({field.value().data(), field.value().size()}));
  }
  request.body = std::move(message.body());
  return request;
}

class Session;

// What all connections share; outlives the Server while the pool still runs requests.
struct Common {
  ServerOptions options;
  Handler handler;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> aborted{0};  // requests that drain_timeout cut off
};

// One thread with its connections. All but post() from that thread only.
struct Shard : std::enable_shared_from_this<Shard> {
  Shard(std::shared_ptr<Common> c, Pool& p) : common(std::move(c)), pool(p) {}

  void accept();
  void drain();
  void abort();
  void remove(const std::shared_ptr<Session>& session);

  // From any thread; dropped once the shard has ended.
  template <class F>
  void post(F&& work) {
    const std::lock_guard lock{mutex};
    if (!has_ended) asio::post(io, std::forward<F>(work));
  }
  // What was posted in the last moment is still done: it holds what holds this shard.
  void end() {
    {
      const std::lock_guard lock{mutex};
      has_ended = true;
    }
    io.restart();
    io.poll();
  }

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
};

// One connection: idle, reading, being answered, writing, and again.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<Shard> shard)
      : shard_(std::move(shard)),
        common_(*shard_->common),
        stream_(std::move(socket)),
        buffer_(common_.options.max_header_bytes + read_size) {
    ++common_.connections;
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay{true}, ignored);
  }
  ~Session() { --common_.connections; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void wait_for_request();
  void drain() {
    if (is_idle_) close();
  }
  void abort() {
    if (is_answering_) ++common_.aborted;
    close();
  }

 private:
  void read_head();
  void head_was_read(error_code fault);
  void refuse(error_code fault);
  void send_continue();
  void read_body();
  void hand_over();
  void watch_client();
  void client_stopped_sending();
  void answer(Response response);
  void answer_and_close(int status);
  void send(Response response);
  void write_rest();
  void linger(std::size_t left);
  void close();

  std::shared_ptr<Shard> shard_;
  Common& common_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::stop_source stop_{std::nostopstate};
  std::uint64_t number_ = 0;  // of the request, to tell late news about an old one
  std::string head_;
  std::string body_;
  std::size_t sent_ = 0;
  bool is_idle_ = false;
  bool is_answering_ = false;
  bool is_closed_ = false;
  bool keeps_ = true;
  bool is_head_ = false;
  bool is_http_1_0_ = false;
};

void Shard::accept() {
  acceptor.async_accept(io, [this](error_code fault, tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (fault) {
      // Most likely no file descriptor is left: some connection has to end first.
      accept_timer.expires_after(accept_pause);
      accept_timer.async_wait([this](error_code stopped) {
        if (!stopped && acceptor.is_open()) accept();
      });
      return;
    }
    auto session = std::make_shared<Session>(std::move(socket), shared_from_this());
    sessions.insert(session);
    session->wait_for_request();
    accept();
  });
}

void Shard::drain() {
  error_code ignored;
  acceptor.close(ignored);
  accept_timer.cancel();
  const auto all = sessions;
  for (const auto& session : all) session->drain();
  if (sessions.empty()) guard.reset();
}

void Shard::abort() {
  const auto all = sessions;
  for (const auto& session : all) session->abort();
  guard.reset();
}

void Shard::remove(const std::shared_ptr<Session>& session) {
  sessions.erase(session);
  if (common->draining && sessions.empty()) guard.reset();
}

void Session::wait_for_request() {
  // An empty line before a request is none (RFC 9112, 2.2).
  while (buffer_.size() > 0) {
    const char first = *static_cast<const char*>(buffer_.data().data());
    if (first != '\r' && first != '\n') return read_head();
    buffer_.consume(1);
  }
  if (common_.draining) return close();
  is_idle_ = true;
  stream_.expires_after(seconds(common_.options.idle_timeout));
  stream_.async_read_some(
      buffer_.prepare(read_size),
      [self = shared_from_this()](error_code fault, std::size_t size) {
        self->is_idle_ = false;
        if (fault) return self->close();
        self->buffer_.commit(size);
        self->read_head();
      });
}

void Session::read_head() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(common_.options.max_header_bytes));
  parser_->body_limit(common_.options.max_body_bytes);
  stream_.expires_after(seconds(common_.options.header_timeout));
  beast::http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](error_code fault, std::size_t) {
        self->head_was_read(fault);
      });
}

void Session::refuse(error_code fault) {
  using beast::http::error;
  if (fault == error::header_limit || fault == error::buffer_overflow) {
    // The first line is read whole before any header.
    return answer_and_close(parser_->get().target().empty() ? 414 : 431);
  }
  if (fault == error::body_limit) return answer_and_close(413);
  if (fault == beast::error::timeout && buffer_.size() > 0) return answer_and_close(408);
  const bool is_malformed =
      fault.category() == make_error_code(error::bad_version).category();
  if (!is_malformed || fault == error::end_of_stream || fault == error::partial_message)
    return close();
  answer_and_close(400);
}

void Session::head_was_read(error_code fault) {
  if (fault) return refuse(fault);
  const auto& message = parser_->get();
  is_http_1_0_ = message.version() == 10;
  keeps_ = message.keep_alive();
  is_head_ = message.method() == beast::http::verb::head;
  if (!is_http_1_0_ && message.count(beast::http::field::host) == 0)
    return answer_and_close(400);
  if (parser_->is_done()) return hand_over();
  if (!is_http_1_0_ &&
      beast::iequals(message[beast::http::field::expect], "100-continue"))
    return send_continue();
  read_body();
}

void Session::send_continue() {
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(seconds(common_.options.write_timeout));
  asio::async_write(stream_, asio::buffer(go_on.data(), go_on.size()),
                    [self = shared_from_this()](error_code fault, std::size_t) {
                      if (fault) return self->close();
                      self->read_body();
                    });
}

void Session::read_body() {
  stream_.expires_after(seconds(common_.options.body_timeout));
  beast::http::async_read(stream_, buffer_, *parser_,
                          [self = shared_from_this()](error_code fault, std::size_t) {
                            if (fault) return self->refuse(fault);
                            self->hand_over();
                          });
}

void Session::hand_over() {
  stream_.expires_never();
  stop_ = std::stop_source{};
  is_answering_ = true;
  ++number_;
  auto request = std::make_shared<Request>(request_of(parser_->get()));
  const Context context{stop_.get_token(),
                        Clock::now() + seconds(common_.options.request_timeout)};
  ++common_.in_flight;
  const bool is_taken =
      shard_->pool.try_post([self = shared_from_this(), request, context] {
        auto response = std::make_shared<Response>();
        try {
          *response = self->common_.handler(*request, context);
        } catch (...) {
          *response = status_page(500);
        }
        --self->common_.in_flight;
        self->shard_->post([self, response] { self->answer(std::move(*response)); });
      });
  if (is_taken) return watch_client();
  --common_.in_flight;
  ++common_.rejected;
  Response busy = message_answer(503, "the server is busy; try again");
  set_header(busy, "Retry-After", "1");
  answer(std::move(busy));
}

// Reading nothing, only to learn that the client is gone.
void Session::watch_client() {
  stream_.socket().async_wait(
      tcp::socket::wait_read,
      [self = shared_from_this(), number = number_](error_code fault) {
        if (fault || !self->is_answering_ || self->number_ != number) return;
        char byte = 0;
        const auto size = ::recv(self->stream_.socket().native_handle(), &byte, 1,
                                 MSG_PEEK | MSG_DONTWAIT);
        if (size < 0 && errno != EAGAIN) self->stop_.request_stop();
        if (size == 0) self->client_stopped_sending();
      });
}

// Either the client is gone or it only has nothing more to ask: the latter is rare and
// waits for an answer that should be quick.
void Session::client_stopped_sending() {
  auto timer = std::make_shared<asio::steady_timer>(shard_->io, half_closed_grace);
  timer->async_wait([timer, weak = weak_from_this(), number = number_](error_code) {
    const auto self = weak.lock();
    if (self && self->is_answering_ && self->number_ == number)
      self->stop_.request_stop();
  });
}

void Session::answer(Response response) {
  is_answering_ = false;
  if (is_closed_) return;
  error_code ignored;
  stream_.socket().cancel(ignored);
  if (common_.draining) keeps_ = false;
  send(std::move(response));
}

void Session::answer_and_close(int status) {
  keeps_ = false;
  send(status_page(status));
}

void Session::send(Response response) {
  head_ = head_of(response, keeps_, is_http_1_0_);
  body_ = is_head_ ? std::string{} : std::move(response.body);
  sent_ = 0;
  write_rest();
}

void Session::write_rest() {
  const std::size_t head_sent = std::min(sent_, head_.size());
  const std::size_t body_sent = sent_ - head_sent;
  const std::array buffers{
      asio::const_buffer{head_.data() + head_sent, head_.size() - head_sent},
      asio::const_buffer{body_.data() + body_sent, body_.size() - body_sent}};
  stream_.expires_after(seconds(common_.options.write_timeout));
  stream_.async_write_some(
      buffers, [self = shared_from_this()](error_code fault, std::size_t size) {
        if (fault) return self->close();
        self->sent_ += size;
        if (self->sent_ < self->head_.size() + self->body_.size())
          return self->write_rest();
        if (self->keeps_) return self->wait_for_request();
        error_code ignored;
        self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
        self->stream_.expires_after(linger_time);
        self->linger(most_linger_bytes);
      });
}

// Closing with unread bytes would reset the connection and lose the answer.
void Session::linger(std::size_t left) {
  buffer_.clear();
  stream_.async_read_some(
      buffer_.prepare(read_size),
      [self = shared_from_this(), left](error_code fault, std::size_t size) {
        if (fault || size >= left) return self->close();
        self->linger(left - size);
      });
}

void Session::close() {
  if (is_closed_) return;
  is_closed_ = true;
  stop_.request_stop();
  stream_.close();
  shard_->remove(shared_from_this());
}

}  // namespace

struct Server::State {
  State(const ServerOptions& options, Handler handler, Pool& pool)
      : common(std::make_shared<Common>()) {
    common->options = options;
    common->handler = std::move(handler);
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
    shard.accept();
    shard.io.run();
    shard.end();
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

Server::Server(const ServerOptions& options, Handler handler, Pool& pool)
    : state_(std::make_shared<State>(options, std::move(handler), pool)) {}

Server::~Server() {
  stop();
  if (state_->has_run) return;
  for (const auto& shard : state_->shards) shard->end();
}

std::uint16_t Server::port() const noexcept { return state_->port; }

void Server::stop() noexcept { state_->stop(); }

ServerFigures Server::figures() const noexcept {
  const Common& common = *state_->common;
  return {common.connections, common.in_flight, common.rejected, common.draining};
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
    for (const auto& shard : state.shards) shard->post([shard] { shard->abort(); });
    state.changed.wait(lock, all_ended);
  }
  lock.unlock();
  threads.clear();
  return state.common->aborted == 0;
}

}  // namespace terrazzo::http
