#include "terrazzo/catalog/postgres_connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>

#include <libpq-fe.h>
#include <poll.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/sql_state.hpp"

namespace terrazzo::catalog {
namespace {

using Clock = Context::Clock;

constexpr std::size_t rows_at_once = 256;  // before their answers are read
constexpr int look_every_ms = 20;          // at the context
constexpr std::chrono::seconds cancel_patience{5};
constexpr unsigned bytea_type = 17;

int milliseconds(int seconds) { return std::clamp(seconds, 1, 1'000'000) * 1000; }

// $1, $2, … for each ?.
std::string numbered(std::string_view sql) {
  std::string out;
  int number = 0;
  for (const char c : sql) {
    if (c == '?')
      out += fmt::format("${}", ++number);
    else
      out += c;
  }
  return out;
}

// The values of a statement as libpq takes them.
class Parameters {
 public:
  explicit Parameters(const std::vector<SqlValue>& values) {
    texts_.reserve(values.size());
    for (const SqlValue& value : values)
      std::visit([&](const auto& v) { add(v); }, value);
    for (std::size_t i = 0; i < texts_.size(); ++i)
      pointers_.push_back(is_null_[i] ? nullptr : texts_[i].c_str());
  }
  int count() const { return static_cast<int>(texts_.size()); }
  const char* const* values() const { return pointers_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void add(const std::string& text) { push(text, false); }
  void add(std::int64_t number) { push(std::to_string(number), false); }
  void add(const SqlBytes& bytes) { push(bytes.bytes, true); }
  void add(double number) {
    push(fmt::format("{}", number), false);
    is_null_.back() = std::isnan(number);
  }
  void push(std::string text, bool binary) {
    lengths_.push_back(static_cast<int>(text.size()));
    formats_.push_back(binary ? 1 : 0);
    is_null_.push_back(false);
    texts_.push_back(std::move(text));
  }

  std::vector<std::string> texts_;
  std::vector<bool> is_null_;
  std::vector<const char*> pointers_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

// "\x0aff"
std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 2; i + 1 < hex.size(); i += 2) {
    int value = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    bytes += static_cast<char>(value);
  }
  return bytes;
}

template <class Result>
class PostgresRows final : public SqlRows {
 public:
  explicit PostgresRows(Result result) : result_(std::move(result)) {}

  bool next() override { return ++row_ < PQntuples(result_.get()); }
  bool is_null(int column) const override {
    return PQgetisnull(result_.get(), row_, column) != 0;
  }
  double number(int column) const override {
    return is_null(column) ? std::numeric_limits<double>::quiet_NaN()
                           : parsed<double>(raw(column));
  }
  std::int64_t integer(int column) const override {
    return parsed<std::int64_t>(raw(column));
  }
  std::string text(int column) const override {
    if (PQftype(result_.get(), column) == bytea_type) return bytes_of_hex(raw(column));
    return std::string{raw(column)};
  }

 private:
  std::string_view raw(int column) const {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
  }
  template <class Number>
  static Number parsed(std::string_view text) {
    Number number{};
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  Result result_;
  int row_ = -1;
};

std::string_view state_of(const PGresult* result) {
  const char* state =
      result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  return state == nullptr ? "" : state;
}

// Before there is a connection libpq gives the code in its words only, which are
// otherwise in the server's language: "FATAL:  3D000: …". Empty: it is not the server's.
std::string_view state_in(std::string_view said) {
  const auto in_state = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
  };
  for (std::size_t at = 0; at + 7 <= said.size(); ++at) {
    const auto word = said.substr(at + 1, 5);
    if (said[at] == ' ' && said[at + 6] == ':' && std::ranges::all_of(word, in_state) &&
        word.find_first_of("0123456789") != std::string_view::npos)
      return word;
  }
  return {};
}

bool is_error(const PGresult* result) {
  const auto status = PQresultStatus(result);
  return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
         status == PGRES_PIPELINE_ABORTED;
}

}  // namespace

void PostgresConnection::Free::operator()(pg_result* result) const { PQclear(result); }
void PostgresConnection::Close::operator()(pg_conn* db) const { PQfinish(db); }

PostgresConnection::PostgresConnection(const ServerAddress& address,
                                       const Context* context)
    : name_(address.url.name), timeout_seconds_(address.timeout_seconds) {
  context_ = context;
  connect(address);
  set_up(address);
  context_ = nullptr;
}

PostgresConnection::~PostgresConnection() = default;

void PostgresConnection::connect(const ServerAddress& address) {
  const DatabaseUrl& url = address.url;
  const std::string port = std::to_string(url.port);
  std::vector<std::pair<std::string, std::string>> words{
      {"host", url.host},
      {"port", port},
      {"dbname", url.name},
      {"client_encoding", "UTF8"},
      {"application_name", "terrazzo"},
      {"tcp_user_timeout", std::to_string(milliseconds(address.timeout_seconds))},
      {"keepalives_idle", "10"},
      {"keepalives_interval", "5"},
      {"keepalives_count", "3"}};
  if (!url.user.empty()) words.emplace_back("user", url.user);
  if (!url.password.empty()) words.emplace_back("password", url.password);
  words.insert(words.end(), url.options.begin(), url.options.end());
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : words) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr), values.push_back(nullptr);

  db_.reset(PQconnectStartParams(names.data(), values.data(), 0));
  PQsetErrorVerbosity(db_.get(), PQERRORS_VERBOSE);  // see state_in()
  const auto until = Clock::now() + std::chrono::seconds{std::max(timeout_seconds_, 1)};
  auto wanted = PGRES_POLLING_WRITING;
  while (wanted != PGRES_POLLING_OK) {
    if (wanted == PGRES_POLLING_FAILED || PQstatus(db_.get()) == CONNECTION_BAD)
      fail_to_connect();
    const bool ready = wait_for_socket(wanted == PGRES_POLLING_READING, look_every_ms);
    if (context_ != nullptr) context_->check();
    if (ready)
      wanted = PQconnectPoll(db_.get());
    else if (Clock::now() > until)
      throw failure(ErrorKind::unavailable,
                    "the server of the catalogue '{}' does not answer; waited {} s",
                    name_, timeout_seconds_);
  }
}

void PostgresConnection::fail_to_connect() {
  const std::string said = db_ ? PQerrorMessage(db_.get()) : "out of memory";
  const auto has = [&](std::string_view part) {
    return said.find(part) != std::string::npos;
  };
  std::string_view state = state_in(said);
  if (state.empty()) state = has("no password supplied") ? "28000" : "08001";
  Error error = has("invalid connection option") || has("invalid sslmode")
                    ? invalid(
                          "the URL of the database '{}' has an option that PostgreSQL "
                          "does not know",
                          name_)
                    : error_of_state(state, name_, timeout_seconds_);
  error.note("{}", said);
  throw error;
}

void PostgresConnection::set_up(const ServerAddress& address) {
  PQsetErrorVerbosity(db_.get(), PQERRORS_DEFAULT);
  PQsetNoticeProcessor(db_.get(), [](void*, const char*) {}, nullptr);
  // What waits for a lock waits as long as for a locked file; 0 would be for ever.
  run(
      fmt::format("SET lock_timeout = {}; SET extra_float_digits = 1; "
                  "SET standard_conforming_strings = on; SET bytea_output = hex; "
                  // Answers that take a millisecond do not wait for helpers to start.
                  "SET max_parallel_workers_per_gather = 0; SET jit = off; "
                  // An index that is read up to a LIMIT ends there.
                  "SET enable_bitmapscan = off{}",
                  milliseconds(address.timeout_seconds),
                  address.read_only ? "; SET default_transaction_read_only = on" : ""));
}

bool PostgresConnection::wait_for_socket(bool reading, int milliseconds) const {
  pollfd socket{PQsocket(db_.get()), static_cast<short>(reading ? POLLIN : POLLOUT), 0};
  return ::poll(&socket, 1, milliseconds) > 0;
}

void PostgresConnection::cancel() {
  cancelled_ = true;
  std::array<char, 256> said{};
  PGcancel* request = PQgetCancel(db_.get());
  if (request == nullptr) return;
  PQcancel(request, said.data(), static_cast<int>(said.size()));
  PQfreeCancel(request);
}

// Until an answer is there as a whole.
void PostgresConnection::wait_for_bytes() {
  auto give_up = Clock::time_point::max();
  while (PQisBusy(db_.get()) != 0) {
    if (context_ != nullptr && !cancelled_ && context_->has_ended()) {
      cancel();
      give_up = Clock::now() + cancel_patience;
    }
    if (Clock::now() > give_up) {
      trouble_ = Trouble::lost;
      context_->check();
    }
    if (!wait_for_socket(true, context_ == nullptr ? -1 : look_every_ms)) continue;
    if (PQconsumeInput(db_.get()) == 0) return;  // the answer will be that it is gone
  }
}

PostgresConnection::Result PostgresConnection::answer(const std::string& sql) {
  Result last;
  for (;;) {
    wait_for_bytes();
    Result next{PQgetResult(db_.get())};
    if (!next) break;
    if (!last || !is_error(last.get())) last = std::move(next);
  }
  if (!last || is_error(last.get())) fail(last.get(), sql);
  return last;
}

void PostgresConnection::sent(int code, const std::string& sql) {
  if (code == 0) fail(nullptr, sql);
}

std::unique_ptr<SqlRows> PostgresConnection::select(const SqlQuery& query) {
  if (context_ != nullptr) context_->check();
  cancelled_ = false;
  const std::string sql = numbered(query.text);
  const Parameters values{query.values};
  sent(PQsendQueryParams(db_.get(), sql.c_str(), values.count(), nullptr, values.values(),
                         values.lengths(), values.formats(), 0),
       sql);
  return std::make_unique<PostgresRows<Result>>(answer(sql));
}

void PostgresConnection::run(std::string sql) {
  cancelled_ = false;
  sent(PQsendQuery(db_.get(), sql.c_str()), sql);
  answer(sql);
}

std::int64_t PostgresConnection::change(const SqlBatch& batch) {
  if (batch.rows.empty()) return 0;
  const std::string sql = numbered(batch.head + batch.row + batch.tail);
  std::int64_t changed = 0;
  sent(PQenterPipelineMode(db_.get()), sql);
  for (std::size_t at = 0; at < batch.rows.size(); at += rows_at_once) {
    send_rows(batch, sql, at, std::min(at + rows_at_once, batch.rows.size()));
    changed += pipeline_answer(sql);
  }
  PQexitPipelineMode(db_.get());
  return changed;
}

void PostgresConnection::send_rows(const SqlBatch& batch, const std::string& sql,
                                   std::size_t first, std::size_t end) {
  sent(PQsendPrepare(db_.get(), "", sql.c_str(), 0, nullptr), sql);
  for (std::size_t i = first; i < end; ++i) {
    const Parameters values{batch.rows[i]};
    sent(PQsendQueryPrepared(db_.get(), "", values.count(), values.values(),
                             values.lengths(), values.formats(), 0),
         sql);
  }
  sent(PQpipelineSync(db_.get()), sql);
}

// Of all the rows that were sent, up to the mark behind them.
std::int64_t PostgresConnection::pipeline_answer(const std::string& sql) {
  std::int64_t changed = 0;
  Result error;
  for (;;) {
    Result next{PQgetResult(db_.get())};
    if (!next && PQstatus(db_.get()) == CONNECTION_BAD) fail(error.get(), sql);
    if (!next) continue;  // behind each answer
    if (PQresultStatus(next.get()) == PGRES_PIPELINE_SYNC) break;
    if (is_error(next.get())) {
      if (!error) error = std::move(next);
      continue;
    }
    std::int64_t rows = 0;
    const std::string_view text = PQcmdTuples(next.get());
    std::from_chars(text.data(), text.data() + text.size(), rows);
    changed += rows;
  }
  if (!error) return changed;
  PQexitPipelineMode(db_.get());
  fail(error.get(), sql);
}

std::set<std::string> PostgresConnection::columns_of(std::string_view table) {
  const auto rows =
      select({"SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = "
              "to_regclass(?) AND attnum > 0 AND NOT attisdropped",
              {sql_name(table)}});
  std::set<std::string> columns;
  while (rows->next()) columns.insert(rows->text(0));
  return columns;
}

void PostgresConnection::fail(const pg_result* result, const std::string& sql) {
  const std::string_view state = state_of(result);
  const bool gone = PQstatus(db_.get()) == CONNECTION_BAD;
  trouble_ = gone ? Trouble::lost : trouble_of(state);
  if (cancelled_ && context_ != nullptr && state == "57014") context_->check();
  Error error = error_of_state(gone ? "08006" : state, name_, timeout_seconds_);
  error.note("{}: {}",
             result == nullptr ? PQerrorMessage(db_.get()) : PQresultErrorMessage(result),
             sql);
  throw error;
}

}  // namespace terrazzo::catalog
