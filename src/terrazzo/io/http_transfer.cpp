#include "terrazzo/io/http_transfer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "terrazzo/base/text.hpp"

namespace terrazzo::io {
namespace {

constexpr std::size_t most_head = 64U << 10U;
constexpr std::size_t most_text = 4U << 10U;       // kept of an answer without content
constexpr std::size_t most_unwanted = 64U << 10U;  // read of it, to keep the connection
constexpr long most_given = 512L << 10U;           // of a body at once
constexpr long most_redirects = 5;
constexpr long most_idle_connections = 32;

template <class Value>
void set(void* easy, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  if (code == CURLE_URL_MALFORMAT) throw invalid("a URL is malformed");
  if (code != CURLE_OK)
    throw failure(ErrorKind::internal, "libcurl does not take option {}: {}",
                  static_cast<int>(option), curl_easy_strerror(code));
}

std::size_t header_line(char* data, std::size_t size, std::size_t count, void* transfer) {
  const bool goes_on =
      static_cast<HttpTransfer*>(transfer)->on_header_line({data, size * count});
  return goes_on ? size * count : 0;
}

std::size_t body_part(char* data, std::size_t size, std::size_t count, void* transfer) {
  const bool goes_on = static_cast<HttpTransfer*>(transfer)->on_body(
      std::as_bytes(std::span{data, size * count}));
  // Anything but the size itself is an error, also if the size is 0.
  return goes_on ? size * count : size * count + 1;
}

std::size_t upload_part(char* data, std::size_t size, std::size_t count, void* transfer) {
  auto* const self = static_cast<HttpTransfer*>(transfer);
  const std::size_t given =
      self->on_upload(std::as_writable_bytes(std::span{data, size * count}));
  return self->has_failed() ? CURL_READFUNC_ABORT : given;
}

int rewind_upload(void* transfer, curl_off_t offset, int origin) {
  const bool goes =
      origin == SEEK_SET && offset >= 0 &&
      static_cast<HttpTransfer*>(transfer)->on_rewind(static_cast<std::uint64_t>(offset));
  return goes ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

// "HTTP/1.1 206 Partial Content" -> 206; 0: it is not that.
int status_of(std::string_view line) {
  const std::size_t blank = line.find(' ');
  int status = 0;
  if (blank != std::string_view::npos)
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), status);
  return status;
}

// Certificates to trust instead of the system's, named as other programs name them.
const std::string& trusted_certificates() {
  static const std::string path = [] {
    for (const char* name : {"AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"})
      if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
        return std::string{value};
    return std::string{};
  }();
  return path;
}

}  // namespace

HttpClient::Loop::Loop() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  multi_ = ready == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi_ == nullptr)
    throw failure(ErrorKind::unavailable, "the HTTP client cannot be set up");
  curl_multi_setopt(static_cast<CURLM*>(multi_), CURLMOPT_MAXCONNECTS,
                    most_idle_connections);
}

HttpClient::Loop::~Loop() {
  for (void* easy : idle_) curl_easy_cleanup(easy);
  curl_multi_cleanup(static_cast<CURLM*>(multi_));
}

void HttpClient::Loop::wake() const noexcept {
  curl_multi_wakeup(static_cast<CURLM*>(multi_));
}

void* HttpClient::Loop::take_easy() {
  idle_.reserve(idle_.size() + 64);  // so that give_back() does not throw
  if (idle_.empty()) {
    CURL* fresh = curl_easy_init();
    if (fresh == nullptr)
      throw failure(ErrorKind::unavailable, "the HTTP client cannot be set up");
    return fresh;
  }
  void* easy = idle_.back();
  idle_.pop_back();
  curl_easy_reset(easy);  // keeps the TLS sessions
  return easy;
}

void HttpClient::Loop::give_back(void* easy) noexcept {
  if (idle_.size() == idle_.capacity()) {
    curl_easy_cleanup(easy);
  } else {
    idle_.push_back(easy);
  }
}

HttpTransfer::HttpTransfer(Loop& loop, HttpTask& task, int attempt, HttpRequest request,
                           const HttpLimits& limits)
    : loop_(loop),
      task_(task),
      attempt_(attempt),
      request_(std::move(request)),
      limits_(limits),
      host_(host_of(request_.url)),
      easy_(loop.take_easy()),
      window_(std::max(limits.window, request_.patience)),
      window_end_(Context::Clock::now() + window_) {
  try {
    set_up();
    if (curl_multi_add_handle(static_cast<CURLM*>(loop_.multi()), easy_) != CURLM_OK)
      throw failure(ErrorKind::internal, "libcurl does not take a request");
  } catch (...) {
    curl_slist_free_all(static_cast<curl_slist*>(headers_));
    curl_easy_cleanup(easy_);
    throw;
  }
}

HttpTransfer::~HttpTransfer() {
  curl_multi_remove_handle(static_cast<CURLM*>(loop_.multi()), easy_);
  curl_slist_free_all(static_cast<curl_slist*>(headers_));
  loop_.give_back(easy_);
}

void HttpTransfer::set_up() {
  const bool secure = request_.url.starts_with("https://");
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
  set(easy_, CURLOPT_URL, request_.url.c_str());
  set(easy_, CURLOPT_PATH_AS_IS, 1L);
  set(easy_, CURLOPT_FOLLOWLOCATION, request_.follow_redirects ? 1L : 0L);
  set(easy_, CURLOPT_MAXREDIRS, most_redirects);
  set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy_, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect.count()));
  set(easy_, CURLOPT_USERAGENT, "terrazzo");
  set(easy_, CURLOPT_PRIVATE, static_cast<void*>(this));
  set(easy_, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_HEADERFUNCTION, header_line);
  set(easy_, CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_WRITEFUNCTION, body_part);
  if (request_.direct) set(easy_, CURLOPT_PROXY, "");
  if (!trusted_certificates().empty())
    set(easy_, CURLOPT_CAINFO, trusted_certificates().c_str());
  set_up_method();
}

void HttpTransfer::set_up_method() {
  if (request_.method != "GET")
    set(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  if (request_.method != "GET" && !request_.upload) {
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE,
        static_cast<curl_off_t>(request_.body.size()));
    set(easy_, CURLOPT_POSTFIELDS, request_.body.c_str());
  }
  if (request_.upload) set_up_upload();
  for (const std::string& line : request_.headers) add_header(line.c_str());
  set(easy_, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(headers_));
}

void HttpTransfer::set_up_upload() {
  set(easy_, CURLOPT_UPLOAD, 1L);
  set(easy_, CURLOPT_UPLOAD_BUFFERSIZE, most_given);
  set(easy_, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*request_.upload));
  set(easy_, CURLOPT_READDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_READFUNCTION, upload_part);
  set(easy_, CURLOPT_SEEKDATA, static_cast<void*>(this));
  set(easy_, CURLOPT_SEEKFUNCTION, rewind_upload);
  add_header("Expect:");  // many servers never say that it may go on
}

void HttpTransfer::add_header(const char* line) {
  curl_slist* more = curl_slist_append(static_cast<curl_slist*>(headers_), line);
  if (more == nullptr) throw failure(ErrorKind::unavailable, "out of memory");
  headers_ = more;
}

bool HttpTransfer::passes_window(Context::Clock::time_point now) {
  if (now < window_end_) return true;
  const bool enough_came = window_bytes_ >= limits_.least_in_window;
  window_bytes_ = 0;
  window_end_ = now + window_;
  return enough_came;
}

bool HttpTransfer::on_header_line(std::string_view line) noexcept {
  try {
    read_header_line(line);
    return true;
  } catch (...) {  // goes through C, see rethrow()
    error_ = std::current_exception();
    return false;
  }
}

bool HttpTransfer::on_body(std::span<const std::byte> bytes) noexcept {
  try {
    read_body(bytes);
    return !enough_;
  } catch (...) {  // goes through C, see rethrow()
    error_ = std::current_exception();
    return false;
  }
}

std::size_t HttpTransfer::on_upload(std::span<std::byte> to) noexcept {
  try {
    const std::uint64_t left = *request_.upload - uploaded_;
    to = to.first(std::min<std::uint64_t>(to.size(), left));
    if (!to.empty()) task_.give(uploaded_, to);
    uploaded_ += to.size();
    window_bytes_ += to.size();
    return to.size();
  } catch (...) {  // goes through C, see rethrow()
    error_ = std::current_exception();
    return 0;
  }
}

bool HttpTransfer::on_rewind(std::uint64_t offset) noexcept {
  if (offset > request_.upload.value_or(0)) return false;
  uploaded_ = offset;
  return true;
}

void HttpTransfer::read_header_line(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > most_head)
    throw failure(ErrorKind::unavailable,
                  "the server of '{}' sends more than {} bytes of headers", task_.name(),
                  most_head);
  if (begun_) return;  // a trailer
  line = trimmed(line);
  if (line.starts_with("HTTP/")) {  // the next answer after a redirect
    answer_ = HttpAnswer{.status = status_of(line)};
    return;
  }
  if (line.empty()) {
    if (!answer_.brings_content()) return;
    begun_ = true;
    task_.begin(answer_);
    return;
  }
  const std::size_t colon = std::min(line.find(':'), line.size());
  answer_.headers.emplace_back(lower_case(trimmed(line.substr(0, colon))),
                               trimmed(line.substr(std::min(colon + 1, line.size()))));
}

void HttpTransfer::read_body(std::span<const std::byte> bytes) {
  window_bytes_ += bytes.size();
  if (answer_.brings_content()) {
    enough_ = !task_.take(bytes);
    return;
  }
  body_bytes_ += bytes.size();
  enough_ = body_bytes_ > most_unwanted;
  const std::size_t wanted = std::min(bytes.size(), most_text - answer_.text.size());
  answer_.text.append(reinterpret_cast<const char*>(bytes.data()), wanted);
}

}  // namespace terrazzo::io
