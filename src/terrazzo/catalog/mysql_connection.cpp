#include "terrazzo/catalog/mysql_connection.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <mutex>

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <poll.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/sql_state.hpp"

namespace terrazzo::catalog {
namespace {

using Clock = Context::Clock;

constexpr std::size_t rows_at_once = 200;
constexpr std::size_t bytes_at_once = std::size_t{1} << 20;  // servers take 16 MB
constexpr int look_every_ms = 20;                            // at the context
constexpr std::chrono::seconds cancel_patience{5};

int seconds(int timeout) { return std::clamp(timeout, 1, 1'000'000); }

// The server knows no infinity.
std::string literal(double number) {
  if (std::isnan(number)) return "NULL";
  constexpr double most = std::numeric_limits<double>::max();
  return fmt::format("{}", std::clamp(number, -most, most));
}
std::string literal(std::int64_t number) { return std::to_string(number); }
std::string literal(const std::string& text) { return sql_text(text); }
std::string literal(const SqlBytes& bytes) {
  std::string hex = "X'";
  for (const char c : bytes.bytes)
    hex += fmt::format("{:02X}", static_cast<unsigned char>(c));
  return hex + '\'';
}

std::string filled_in(std::string_view sql, const std::vector<SqlValue>& values) {
  std::string out;
  auto value = values.begin();
  for (const char c : sql) {
    if (c == '?')
      out += std::visit([](const auto& v) { return literal(v); }, *value++);
    else
      out += c;
  }
  return out;
}

class MysqlRows final : public SqlRows {
 public:
  explicit MysqlRows(MYSQL_RES* result) : result_(result) {}

  bool next() override {
    row_ = mysql_fetch_row(result_.get());
    if (row_ != nullptr) lengths_ = mysql_fetch_lengths(result_.get());
    return row_ != nullptr;
  }
  bool is_null(int column) const override { return row_[column] == nullptr; }
  double number(int column) const override {
    return is_null(column) ? std::numeric_limits<double>::quiet_NaN()
                           : parsed<double>(column);
  }
  std::int64_t integer(int column) const override { return parsed<std::int64_t>(column); }
  std::string text(int column) const override { return std::string{raw(column)}; }

 private:
  struct Free {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
  };

  std::string_view raw(int column) const {
    if (is_null(column)) return {};
    return {row_[column], lengths_[column]};
  }
  template <class Number>
  Number parsed(int column) const {
    const std::string_view text = raw(column);
    Number number{};
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  std::unique_ptr<MYSQL_RES, Free> result_;
  MYSQL_ROW row_ = nullptr;
  const unsigned long* lengths_ = nullptr;
};

// The standard's word for an error of the server's or the client library's.
std::string_view state_of(unsigned code) {
  switch (code) {
    case ER_LOCK_DEADLOCK:
      return "40001";
    case ER_LOCK_WAIT_TIMEOUT:
      return "55P03";
    case ER_QUERY_INTERRUPTED:
    case 1969: /* max_statement_time */
      return "57014";
    case ER_ACCESS_DENIED_ERROR:
    case ER_HOST_NOT_PRIVILEGED:
    case 1698: /* no password was given */
      return "28000";
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case 1419: /* triggers while there is a binary log */
      return "42501";
    case ER_OPTION_PREVENTS_STATEMENT:
    case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
      return "25006";
    case ER_BAD_DB_ERROR:
      return "3D000";
    case ER_DUP_ENTRY:
    case ER_BAD_NULL_ERROR:
    case ER_SIGNAL_EXCEPTION:
      return "23000";
    case ER_DATA_TOO_LONG:
      return "22001";
    case ER_NET_PACKET_TOO_LARGE:
      return "54000";
    case ER_NO_SUCH_TABLE:
      return "42P01";
    case ER_BAD_FIELD_ERROR:
      return "42703";
    case ER_TABLE_EXISTS_ERROR:
      return "42P07";
    case ER_DB_CREATE_EXISTS:
      return "42P04";
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
      return "53000";
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
      return "08006";
    default:
      return code >= CR_MIN_ERROR && code <= CR_MAX_ERROR ? "08006" : "XX000";
  }
}

// mysql_init() alone would do this, but not beside other threads.
void set_up_library() {
  static std::once_flag once;
  std::call_once(once, [] { mysql_library_init(0, nullptr, nullptr); });
}

struct Option {
  std::string_view name;
  mysql_option option;
};
constexpr Option ssl_files[] = {{"ssl_ca", MYSQL_OPT_SSL_CA},
                                {"ssl_cert", MYSQL_OPT_SSL_CERT},
                                {"ssl_key", MYSQL_OPT_SSL_KEY}};

void set_option(MYSQL* db, const std::string& name, const std::string& value) {
  if (name == "charset") return;  // Terracotta's way to say utf8mb4
  if (name == "ssl") {
    const my_bool enforced = value != "false" && value != "0" ? 1 : 0;
    mysql_optionsv(db, MYSQL_OPT_SSL_ENFORCE, &enforced);
    return;
  }
  const auto* file = std::ranges::find(ssl_files, name, &Option::name);
  if (file == std::end(ssl_files))
    throw invalid(
        "the URL of a database has the option '{}'; there are: ssl, ssl_ca, "
        "ssl_cert, ssl_key",
        name);
  mysql_optionsv(db, file->option, value.c_str());
}

}  // namespace

void MysqlConnection::Close::operator()(st_mysql* db) const { mysql_close(db); }

MysqlConnection::MysqlConnection(const ServerAddress& address) : address_(address) {
  set_up_library();
  db_.reset(mysql_init(nullptr));
  if (!db_) throw failure(ErrorKind::too_large, "there is no memory for a connection");
  connect();
  const int patience = seconds(address_.timeout_seconds);
  run(fmt::format(
      "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES,"
      "NO_ENGINE_SUBSTITUTION', SESSION innodb_lock_wait_timeout = {0}, SESSION "
      "lock_wait_timeout = {0}, @terrazzo_counts = 1",
      patience));
  // Writers of different records then do not meet in the gaps between them.
  run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  if (address_.read_only) run("SET SESSION TRANSACTION READ ONLY");
}

MysqlConnection::~MysqlConnection() = default;

void MysqlConnection::connect() {
  const DatabaseUrl& url = address_.url;
  const auto patience = static_cast<unsigned>(seconds(address_.timeout_seconds));
  const unsigned protocol = MYSQL_PROTOCOL_TCP;
  const unsigned no_files = 0;
  mysql_optionsv(db_.get(), MYSQL_OPT_CONNECT_TIMEOUT, &patience);
  mysql_optionsv(db_.get(), MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(db_.get(), MYSQL_OPT_LOCAL_INFILE, &no_files);
  mysql_optionsv(db_.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  for (const auto& [name, value] : url.options) set_option(db_.get(), name, value);
  const MYSQL* connected = mysql_real_connect(
      db_.get(), url.host.c_str(), url.user.empty() ? nullptr : url.user.c_str(),
      url.password.c_str(), url.name.empty() ? nullptr : url.name.c_str(),
      static_cast<unsigned>(url.port), nullptr, 0);
  if (connected == nullptr) fail("connecting");
}

void MysqlConnection::fail(std::string_view sql) {
  const unsigned code = mysql_errno(db_.get());
  const std::string_view state = state_of(code);
  trouble_ = trouble_of(state);
  if (cancelled_ && state == "57014" && context_ != nullptr) context_->check();
  Error error = error_of_state(state, address_.url.name, address_.timeout_seconds);
  error.note("{} ({}): {}", mysql_error(db_.get()), code, sql.substr(0, 2000));
  throw error;
}

void MysqlConnection::cancel() {
  cancelled_ = true;
  try {
    MysqlConnection{address_}.run(
        fmt::format("KILL QUERY {}", mysql_thread_id(db_.get())));
  } catch (const Error&) {  // then it ends by itself, or is given up
  }
}

// Until the answer begins.
void MysqlConnection::wait_for_bytes() {
  if (context_ == nullptr) return;
  auto give_up = Clock::time_point::max();
  pollfd socket{mysql_get_socket(db_.get()), POLLIN, 0};
  while (::poll(&socket, 1, look_every_ms) == 0) {
    if (!cancelled_ && context_->has_ended()) {
      cancel();
      give_up = Clock::now() + cancel_patience;
    }
    if (Clock::now() <= give_up) continue;
    trouble_ = Trouble::lost;
    context_->check();
  }
}

void MysqlConnection::answer(const std::string& sql) {
  cancelled_ = false;
  if (mysql_send_query(db_.get(), sql.data(), sql.size()) != 0) fail(sql);
  wait_for_bytes();
  if (mysql_read_query_result(db_.get()) != 0) fail(sql);
}

std::unique_ptr<SqlRows> MysqlConnection::select(const SqlQuery& query) {
  if (context_ != nullptr) context_->check();
  const std::string sql = filled_in(query.text, query.values);
  answer(sql);
  MYSQL_RES* result = mysql_store_result(db_.get());
  if (result == nullptr) fail(sql);
  return std::make_unique<MysqlRows>(result);
}

void MysqlConnection::run(std::string sql) {
  answer(sql);
  mysql_free_result(mysql_store_result(db_.get()));
}

std::int64_t MysqlConnection::change(const SqlBatch& batch) {
  std::int64_t changed = 0;
  for (std::size_t at = 0; at < batch.rows.size();) {
    std::string sql = batch.head;
    const std::size_t end = std::min(at + rows_at_once, batch.rows.size());
    for (bool first = true; at < end && sql.size() < bytes_at_once; ++at, first = false)
      sql += (first ? "" : batch.between) + filled_in(batch.row, batch.rows[at]);
    sql += batch.tail;
    answer(sql);
    changed += static_cast<std::int64_t>(mysql_affected_rows(db_.get()));
  }
  return changed;
}

std::set<std::string> MysqlConnection::columns_of(std::string_view table) {
  const auto rows =
      select({"SELECT column_name FROM information_schema.columns WHERE table_schema = "
              "database() AND table_name = ?",
              {std::string{table}}});
  std::set<std::string> columns;
  while (rows->next()) columns.insert(rows->text(0));
  return columns;
}

}  // namespace terrazzo::catalog
