#include "terrazzo/io/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <random>

#include "terrazzo/base/waiting.hpp"
#include "terrazzo/io/http_transfer.hpp"

namespace terrazzo::io {
namespace {

using Clock = Context::Clock;
using std::chrono::milliseconds;

constexpr std::size_t most_idle_loops = 16;
constexpr milliseconds longest_wait{1'000};
constexpr int attempts_if_mute = 2;

// Does it pass by itself?
bool is_passing(int status) {
  return status == 429 || status == 500 || (status >= 502 && status <= 504);
}

struct Fault {
  ErrorKind kind;
  bool passing;
};

Fault fault_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorKind::timeout, true};
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {ErrorKind::invalid_input, false};
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return {ErrorKind::unavailable, true};
    default:
      return {ErrorKind::unavailable, false};
  }
}

class FetchTask final : public HttpTask {
 public:
  FetchTask(HttpRequest request, std::string name, std::size_t most_bytes)
      : request_(std::move(request)), name_(std::move(name)), most_bytes_(most_bytes) {}

  HttpRequest request() override { return request_; }
  void begin(const HttpAnswer& /*answer*/) override { text_.clear(); }
  bool take(std::span<const std::byte> content) override {
    if (content.size() > most_bytes_ - text_.size())
      throw failure(ErrorKind::too_large, "the answer about '{}' has more than {} bytes",
                    name_, most_bytes_);
    text_.append(reinterpret_cast<const char*>(content.data()), content.size());
    return true;
  }
  Verdict end(const HttpAnswer& answer) override {
    answer_ = answer;
    if (answer.brings_content()) answer_.text = std::move(text_);
    return Verdict::done;
  }
  std::string name() const override { return name_; }

  HttpAnswer answer() { return std::move(answer_); }

 private:
  const HttpRequest request_;
  const std::string name_;
  const std::size_t most_bytes_;
  std::string text_;
  HttpAnswer answer_;
};

}  // namespace

bool HostPlaces::try_take(const std::string& host) {
  const std::lock_guard lock{mutex_};
  std::size_t& taken = taken_[host];
  if (taken >= places_) return false;
  ++taken;
  return true;
}

void HostPlaces::give_back(const std::string& host) noexcept {
  {
    const std::lock_guard lock{mutex_};
    const auto at = taken_.find(host);
    if (--at->second == 0) taken_.erase(at);
  }
  freed_.notify_all();
}

void HostPlaces::wait(const std::string& host, const Context& context) {
  std::unique_lock lock{mutex_};
  const auto until = std::min(context.deadline, Clock::now() + longest_wait);
  freed_.wait_until(lock, context.stop, until, [&] {
    const auto at = taken_.find(host);
    return at == taken_.end() || at->second < places_;
  });
}

void HttpTask::give(std::uint64_t offset, std::span<std::byte> to) {
  throw failure(ErrorKind::internal, "'{}' has no {} bytes at {} to send", name(),
                to.size(), offset);
}

// The tasks of one call, until all are done.
class HttpRun {
 public:
  HttpRun(HttpClient& client, std::span<HttpTask* const> tasks, const Context& context)
      : client_(client), context_(context), loop_(client.take_loop()) {
    for (HttpTask* task : tasks) waiting_.push_back({.task = task});
  }
  ~HttpRun() {
    while (!active_.empty()) drop(active_.size() - 1);
    client_.give_back(std::move(loop_));
  }
  HttpRun(const HttpRun&) = delete;
  HttpRun& operator=(const HttpRun&) = delete;

  void finish() {
    const std::stop_callback wake{context_.stop, [this] { loop_->wake(); }};
    while (!active_.empty() || !waiting_.empty()) {
      context_.check();
      start();
      drive();
      if (settle_all() == 0) wait();
    }
  }

 private:
  struct Waiting {
    HttpTask* task;
    int attempt = 1;
    Clock::time_point not_before{};
    std::optional<HttpRequest> request{};  // once it was only for want of a place
  };

  CURLM* multi() const { return static_cast<CURLM*>(loop_->multi()); }

  void start() {
    full_host_.reset();
    const auto now = Clock::now();
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      if (active_.size() >= client_.limits_.in_flight) return;
      at = at->not_before <= now && start(*at) ? waiting_.erase(at) : at + 1;
    }
  }

  // False: its host has no place.
  bool start(Waiting& next) {
    if (!next.request) next.request = next.task->request();
    const std::string host = host_of(next.request->url);
    if (host == full_host_) return false;
    active_.reserve(active_.size() + 1);  // nothing below may throw with a place taken
    if (!client_.places_.try_take(host)) {
      full_host_ = host;
      return false;
    }
    try {
      active_.push_back(std::make_unique<HttpTransfer>(
          *loop_, *next.task, next.attempt, std::move(*next.request), client_.limits_));
    } catch (...) {
      client_.places_.give_back(host);
      throw;
    }
    return true;
  }

  void drop(std::size_t index) noexcept {
    const std::string host = active_[index]->host();
    active_.erase(active_.begin() + static_cast<std::ptrdiff_t>(index));
    client_.places_.give_back(host);
  }

  void drive() {
    int running = 0;
    if (curl_multi_perform(multi(), &running) != CURLM_OK)
      throw failure(ErrorKind::internal, "libcurl cannot go on");
  }

  // How many transfers ended.
  std::size_t settle_all() {
    std::size_t settled = 0;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      settle(index_of(message->easy_handle), message->data.result);
      ++settled;
    }
    const auto now = Clock::now();
    for (std::size_t i = active_.size(); i-- > 0;) {
      if (active_[i]->passes_window(now)) continue;
      settle(i, CURLE_OPERATION_TIMEDOUT);
      ++settled;
    }
    return settled;
  }

  std::size_t index_of(CURL* easy) const {
    void* transfer = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    const auto at = std::ranges::find(
        active_, transfer, [](const auto& held) -> void* { return held.get(); });
    return static_cast<std::size_t>(at - active_.begin());
  }

  void settle(std::size_t index, CURLcode code) {
    try {
      const auto again = outcome(*active_[index], code);
      if (again)
        waiting_.push_back({.task = &active_[index]->task(),
                            .attempt = active_[index]->attempt() + 1,
                            .not_before = *again});
    } catch (Error& e) {
      e.note("asking {}", shown_url(active_[index]->request().url));
      throw;
    }
    drop(index);
  }

  // When to try again; empty: the task is done.
  std::optional<Clock::time_point> outcome(HttpTransfer& transfer, CURLcode code) {
    transfer.rethrow();
    HttpTask& task = transfer.task();
    if (code != CURLE_OK && !transfer.enough()) return after_fault(transfer, code);
    const HttpAnswer& answer = transfer.answer();
    if (is_passing(answer.status))
      if (const auto next = next_attempt(transfer, client_.limits_.attempts,
                                         retry_after(answer).value_or(milliseconds{0})))
        return next;
    if (task.end(answer) == HttpTask::Verdict::done) return std::nullopt;
    if (const auto next =
            next_attempt(transfer, client_.limits_.attempts, milliseconds{0}))
      return next;
    if (!answer.brings_content()) throw http_failure(answer.status, task.name());
    throw failure(ErrorKind::unavailable, "the server of '{}' gives only a part of it",
                  task.name());
  }

  std::optional<Clock::time_point> after_fault(const HttpTransfer& transfer,
                                               CURLcode code) {
    Fault fault = fault_of(code);
    // A redirection may lead anywhere.
    if (fault.kind == ErrorKind::invalid_input && transfer.answer().status != 0)
      fault.kind = ErrorKind::unavailable;
    const bool mute = fault.kind == ErrorKind::timeout;
    const int attempts = std::min(client_.limits_.attempts,
                                  mute ? attempts_if_mute : client_.limits_.attempts);
    if (fault.passing)
      if (const auto next = next_attempt(transfer, attempts, milliseconds{0}))
        return next;
    Error error =
        mute ? failure(fault.kind, "the server of '{}' is mute or too slow",
                       transfer.task().name())
        : fault.kind == ErrorKind::invalid_input
            ? failure(fault.kind, "'{}' has a malformed URL", transfer.task().name())
            : failure(fault.kind, "the server of '{}' cannot be reached or breaks off",
                      transfer.task().name());
    error.note("{} (libcurl's error {}, attempt {})", curl_easy_strerror(code),
               static_cast<int>(code), transfer.attempt());
    throw error;
  }

  // Empty: it was tried often enough, or the wait would be too long.
  std::optional<Clock::time_point> next_attempt(const HttpTransfer& transfer,
                                                int attempts, milliseconds asked) {
    const HttpLimits& limits = client_.limits_;
    if (transfer.attempt() >= attempts || asked > limits.longest_pause)
      return std::nullopt;
    const int doublings = std::min(transfer.attempt() - 1, 16);
    const milliseconds pause =
        std::min(limits.first_pause * (1 << doublings), limits.longest_pause);
    std::uniform_int_distribution<milliseconds::rep> jitter{pause.count() / 2,
                                                            pause.count()};
    const auto at = Clock::now() + std::max(asked, milliseconds{jitter(random_)});
    if (at >= context_.deadline) return std::nullopt;
    return at;
  }

  void wait() {
    if (active_.empty() && full_host_) {
      client_.places_.wait(*full_host_, context_);
      return;
    }
    const auto now = Clock::now();
    auto until = std::min(context_.deadline, now + longest_wait);
    for (const auto& transfer : active_) until = std::min(until, transfer->window_end());
    if (active_.size() < client_.limits_.in_flight)
      for (const Waiting& next : waiting_)
        if (next.not_before > now) until = std::min(until, next.not_before);
    const auto left = std::chrono::ceil<milliseconds>(until - now).count();
    curl_multi_poll(multi(), nullptr, 0,
                    static_cast<int>(std::max<milliseconds::rep>(left, 0)), nullptr);
  }

  HttpClient& client_;
  const Context& context_;
  std::unique_ptr<HttpClient::Loop> loop_;
  std::deque<Waiting> waiting_;
  std::vector<std::unique_ptr<HttpTransfer>> active_;
  std::optional<std::string> full_host_;  // that start() met
  std::minstd_rand random_{std::random_device{}()};
};

HttpClient::HttpClient(HttpLimits limits)
    : limits_(limits), places_(limits.in_flight_per_host) {
  idle_.reserve(most_idle_loops);
}

HttpClient::~HttpClient() = default;

void HttpClient::run(std::span<HttpTask* const> tasks, const Context& context) {
  const Waiting waiting;
  context.check();
  if (tasks.empty()) return;
  HttpRun{*this, tasks, context}.finish();
}

HttpAnswer HttpClient::fetch(HttpRequest request, std::string name,
                             std::size_t most_bytes, const Context& context) {
  FetchTask task{std::move(request), std::move(name), most_bytes};
  HttpTask* const tasks[] = {&task};
  run(tasks, context);
  return task.answer();
}

std::unique_ptr<HttpClient::Loop> HttpClient::take_loop() {
  {
    const std::lock_guard lock{mutex_};
    if (!idle_.empty()) {
      auto loop = std::move(idle_.back());
      idle_.pop_back();
      return loop;
    }
  }
  return std::make_unique<Loop>();
}

void HttpClient::give_back(std::unique_ptr<Loop> loop) noexcept {
  const std::lock_guard lock{mutex_};
  if (idle_.size() < most_idle_loops) idle_.push_back(std::move(loop));
}

HttpClient& shared_http_client() {
  static HttpClient client;
  return client;
}

}  // namespace terrazzo::io
