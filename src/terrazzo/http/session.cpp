#include "terrazzo/http/session.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <span>

#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/text.hpp"
#include "terrazzo/http/wire.hpp"

namespace terrazzo::http {
namespace {

using Clock = Context::Clock;

constexpr std::size_t read_size = 8192;
constexpr std::size_t most_linger_bytes = std::size_t{16} << 20;
constexpr auto linger_time = std::chrono::seconds{2};
constexpr auto half_closed_grace = std::chrono::seconds{1};
constexpr auto late_again = std::chrono::milliseconds{20};
// A request with more headers is none to be answered at once.
constexpr std::size_t most_viewed_headers = 64;

template <class Message>
Request request_of(Message& message) {
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

Response busy_answer(std::string_view why) {
  Response busy = message_answer(503, why);
  set_header(busy, "Retry-After", "1");
  return busy;
}

}  // namespace

Session::Session(tcp::socket socket, std::shared_ptr<Shard> shard)
    : shard_(std::move(shard)),
      common_(*shard_->common),
      stream_(std::move(socket)),
      patience_(shard_->io),
      buffer_(common_.options.max_header_bytes + read_size) {
  ++common_.connections;
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay{true}, ignored);
  stream_.socket().non_blocking(true, ignored);
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
  stream_.async_read_some(buffer_.prepare(read_size), then(&Session::request_begins));
}

// Not within the one before: there may be hundreds in the buffer.
void Session::next_request() {
  if (buffer_.size() == 0) return wait_for_request();
  asio::post(shard_->io, [self = shared_from_this()] {
    try {
      self->wait_for_request();
    } catch (const std::exception&) {
      self->close();
    }
  });
}

void Session::turn_away() {
  ++common_.rejected;
  keeps_ = false;
  send(busy_answer("the server has too many connections; try again"));
}

void Session::request_begins(error_code fault, std::size_t size) {
  is_idle_ = false;
  if (fault) return close();
  buffer_.commit(size);
  read_head();
}

void Session::read_head() {
  is_head_ = false;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(common_.options.max_header_bytes));
  parser_->body_limit(common_.options.max_body_bytes);
  // Mostly all of it is here: then nobody has to wait for the rest.
  error_code fault;
  buffer_.consume(parser_->put(buffer_.data(), fault));
  if (fault != beast::http::error::need_more) return head_was_read(fault, 0);
  begin_patience(common_.options.header_timeout);
  beast::http::async_read_header(stream_, buffer_, *parser_,
                                 then(&Session::head_was_read));
}

// The stream's own time-out would close the socket, and nobody could be told why.
void Session::begin_patience(double time) {
  stream_.expires_never();
  is_reading_ = true;
  is_late_ = false;
  patience_.expires_after(seconds(time));
  go_on_waiting();
}

void Session::go_on_waiting() {
  patience_.async_wait([weak = weak_from_this()](error_code stopped) {
    const auto self = weak.lock();
    if (stopped || !self || !self->is_reading_) return;
    if (self->patience_.expiry() > Clock::now()) return;  // it is about another part
    self->is_late_ = true;
    self->stream_.cancel();
    // A part that had just come would be followed by another read: cancel that too.
    try {
      self->patience_.expires_after(late_again);
      self->go_on_waiting();
    } catch (const std::exception&) {
      self->close();
    }
  });
}

void Session::refuse(error_code fault) {
  using beast::http::error;
  if (is_late_ && fault == asio::error::operation_aborted) return answer_and_close(408);
  if (fault == error::header_limit || fault == error::buffer_overflow) {
    // The first line is read whole before any header.
    return answer_and_close(parser_->get().target().empty() ? 414 : 431);
  }
  if (fault == error::body_limit) return answer_and_close(413);
  const bool is_malformed =
      fault.category() == make_error_code(error::bad_version).category();
  if (!is_malformed || fault == error::end_of_stream || fault == error::partial_message)
    return close();
  answer_and_close(400);
}

void Session::head_was_read(error_code fault, std::size_t /*size*/) {
  is_reading_ = false;
  if (fault) return refuse(fault);
  const auto& message = parser_->get();
  is_http_1_0_ = message.version() == 10;
  keeps_ = message.keep_alive();
  is_head_ = message.method() == beast::http::verb::head;
  if (!is_http_1_0_ && message.count(beast::http::field::host) == 0)
    return answer_and_close(400);
  if (parser_->is_done()) return answer_at_once() ? write() : hand_over();
  if (!is_http_1_0_ &&
      beast::iequals(message[beast::http::field::expect], "100-continue"))
    return send_continue();
  read_body();
}

void Session::send_continue() {
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  stream_.expires_after(seconds(common_.options.write_timeout));
  asio::async_write(stream_, asio::buffer(go_on.data(), go_on.size()),
                    then(&Session::continue_was_sent));
}

void Session::continue_was_sent(error_code fault, std::size_t /*size*/) {
  if (fault) return close();
  read_body();
}

void Session::read_body() {
  begin_patience(common_.options.body_timeout);
  beast::http::async_read(stream_, buffer_, *parser_, then(&Session::body_was_read));
}

void Session::body_was_read(error_code fault, std::size_t /*size*/) {
  is_reading_ = false;
  if (fault) return refuse(fault);
  hand_over();
}

// False: it takes a thread of the pool.
bool Session::answer_at_once() {
  if (!common_.quick) return false;
  const auto& message = parser_->get();
  std::array<std::pair<std::string_view, std::string_view>, most_viewed_headers> headers;
  std::size_t count = 0;
  for (const auto& field : message) {
    if (count == headers.size()) return false;
    const auto name = field.name_string();
    const auto value = field.value();
    headers[count++] = {{name.data(), name.size()}, {value.data(), value.size()}};
  }
  const auto method = message.method_string();
  const auto target = message.target();
  auto ready = common_.quick({{method.data(), method.size()},
                              {target.data(), target.size()},
                              std::span{headers}.first(count)});
  if (!ready) return false;
  if (common_.draining) keeps_ = false;
  head_ = *ready->head;
  const bool has_length = !ready->body.empty();
  end_head(head_, has_length ? std::optional{ready->body.size()} : std::nullopt,
           {keeps_, is_http_1_0_});
  body_ = is_head_ ? Body{} : std::move(ready->body);
  return true;
}

void Session::hand_over() {
  static const Response broken = status_page(500);
  patience_.cancel();
  stop_ = std::stop_source{};
  is_answering_ = true;
  ++number_;
  const Context context{stop_.get_token(),
                        Clock::now() + seconds(common_.options.request_timeout)};
  const auto exchange = std::make_shared<Exchange>(
      Exchange{request_of(parser_->get()), context, broken, Clock::now()});
  exchange->context.stages = &exchange->stages;
  if (post(exchange)) return watch_client();
  ++common_.rejected;
  answer(busy_answer("the server is busy; try again"));
}

bool Session::post(const std::shared_ptr<Exchange>& exchange) {
  ++common_.in_flight;
  try {
    const auto job = [self = shared_from_this(), exchange] { self->work(exchange); };
    if (shard_->pool.try_post(job)) return true;
  } catch (const std::bad_alloc&) {  // no room for it: as a full queue
  }
  --common_.in_flight;
  return false;
}

// On a thread of the pool. The answer stays a broken one if the handler throws, or if
// nobody waits for it any more.
void Session::work(const std::shared_ptr<Exchange>& exchange) noexcept {
  exchange->stages.add(Stage::queue, Clock::now() - exchange->posted);
  try {
    if (!common_.is_over && !exchange->context.stop.stop_requested())
      exchange->response = common_.handler(exchange->request, exchange->context);
  } catch (...) {  // NOLINT: said above
  }
  --common_.in_flight;
  shard_->post([self = shared_from_this(), exchange] {
    try {
      self->answer(std::move(exchange->response));
    } catch (const std::exception&) {
      self->close();
    }
  });
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
  patience_.expires_after(half_closed_grace);
  patience_.async_wait([weak = weak_from_this(), number = number_](error_code stopped) {
    const auto self = weak.lock();
    if (!stopped && self && self->is_answering_ && self->number_ == number)
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
  patience_.cancel();
  keeps_ = false;
  send(status_page(status));
}

void Session::send(Response response) {
  head_ = head_of(response, {keeps_, is_http_1_0_});
  body_ = is_head_ ? Body{} : std::move(response.body);
  write();
}

// What the system takes at once; mostly that is all of it.
void Session::write() {
  const std::string_view body = body_.view();
  const std::array buffers{asio::const_buffer{head_.data(), head_.size()},
                           asio::const_buffer{body.data(), body.size()}};
  error_code fault;
  sent_ = stream_.socket().write_some(buffers, fault);
  if (fault && fault != asio::error::would_block) return close();
  if (sent_ < head_.size() + body.size()) return write_rest();
  was_written();
}

void Session::write_rest() {
  const std::string_view body = body_.view();
  const std::size_t head_sent = std::min(sent_, head_.size());
  const std::size_t body_sent = sent_ - head_sent;
  const std::array buffers{
      asio::const_buffer{head_.data() + head_sent, head_.size() - head_sent},
      asio::const_buffer{body.data() + body_sent, body.size() - body_sent}};
  stream_.expires_after(seconds(common_.options.write_timeout));
  stream_.async_write_some(buffers, then(&Session::part_was_written));
}

void Session::part_was_written(error_code fault, std::size_t size) {
  if (fault) return close();
  sent_ += size;
  if (sent_ < head_.size() + body_.size()) return write_rest();
  was_written();
}

void Session::was_written() {
  body_ = {};
  if (keeps_) return next_request();
  error_code ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.expires_after(linger_time);
  left_to_linger_ = most_linger_bytes;
  linger();
}

// Closing with unread bytes would reset the connection and lose the answer.
void Session::linger() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(read_size), then(&Session::rest_was_read));
}

void Session::rest_was_read(error_code fault, std::size_t size) {
  if (fault || size >= left_to_linger_) return close();
  left_to_linger_ -= size;
  linger();
}

void Session::close() {
  if (is_closed_) return;
  is_closed_ = true;
  stop_.request_stop();
  patience_.cancel();
  stream_.close();
  shard_->remove(shared_from_this());
}

}  // namespace terrazzo::http
