#include "terrazzo/catalog/sqlite_connection.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <limits>

#include <sqlite3.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/catalog/words.hpp"

namespace terrazzo::catalog {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t statements_kept = 64;
constexpr int copy_patience_ms = 10 * 60 * 1000;
constexpr int steps_between_looks = 10'000;  // of SQLite's machine; well under 1 ms

std::string_view as_text(sqlite3_value* value) {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_value_text(value));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

// terrazzo_has(value, word): is the folded word somewhere in the value, folded?
void has_word(sqlite3_context* context, int /*count*/, sqlite3_value** arguments) {
  try {
    const bool found =
        folded(as_text(arguments[0])).find(as_text(arguments[1])) != std::string::npos;
    sqlite3_result_int(context, found ? 1 : 0);
  } catch (const std::exception&) {
    sqlite3_result_error_nomem(context);
  }
}

// The same file whatever folder the program works in later.
std::string absolute(const std::string& path) {
  std::error_code ignored;
  const fs::path whole = fs::absolute(path, ignored);
  return whole.empty() ? path : whole.string();
}

// file: URI of a path, for the options that only a URI can carry.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#')
      uri += fmt::format("%{:02X}", static_cast<unsigned>(c));
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

// A log that cannot be made beside the file, as on a read-only disk.
bool needs_a_log_it_cannot_have(int code) {
  return code == SQLITE_READONLY_CANTINIT || code == SQLITE_READONLY_DIRECTORY ||
         (code & 0xff) == SQLITE_CANTOPEN;
}

}  // namespace

void SqliteConnection::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

SqliteConnection::SqliteConnection(const std::string& path, bool read_only,
                                   int timeout_seconds)
    : path_(absolute(path)),
      label_(fs::path(path).filename()),
      timeout_ms_(std::clamp(timeout_seconds, 0, 1'000'000) * 1000) {
  open(path_, read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  int code = probe();
  if (needs_a_log_it_cannot_have(code) && !has_unfinished_writes()) {
    open(immutable_uri(path_), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
    code = probe();
  }
  if (code != SQLITE_OK) fail(code, "reading the list of tables");
}

SqliteConnection::~SqliteConnection() {
  for (const auto& [sql, statement] : idle_) sqlite3_finalize(statement);
}

void SqliteConnection::open(const std::string& name, int flags) {
  sqlite3* db = nullptr;
  const int code =
      sqlite3_open_v2(name.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  db_.reset(db);
  if (code != SQLITE_OK) fail(code, "opening");
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_timeout(db, timeout_ms_);
  // SQL in a file from somewhere else shall not write where SQLite keeps its own things.
  sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_create_function_v2(db, "terrazzo_has", 2,
                             SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                             nullptr, has_word, nullptr, nullptr, nullptr);
}

int SqliteConnection::probe() {
  return sqlite3_exec(db_.get(), "SELECT count(*) FROM sqlite_master", nullptr, nullptr,
                      nullptr);
}

bool SqliteConnection::has_unfinished_writes() const {
  for (const char* suffix : {"-wal", "-journal"}) {
    std::error_code ignored;
    const auto size = fs::file_size(path_ + suffix, ignored);
    if (!ignored && size > 0) return true;
  }
  return false;
}

void SqliteConnection::fail(int code, std::string_view sql) const {
  const auto error = [&]() -> Error {
    using enum ErrorKind;
    switch (code & 0xff) {
      case SQLITE_BUSY:
      case SQLITE_LOCKED:
      case SQLITE_PROTOCOL:
        return failure(unavailable, "the catalogue '{}' is locked; waited {} s", label_,
                       timeout_ms_ / 1000);
      case SQLITE_NOTADB:
      case SQLITE_CORRUPT:
      case SQLITE_FORMAT:
        return failure(corrupt_data, "'{}' is not a catalogue, or is damaged", label_);
      case SQLITE_READONLY:
      case SQLITE_PERM:
      case SQLITE_AUTH:
        return failure(denied, "the catalogue '{}' is read-only", label_);
      case SQLITE_CANTOPEN:
        if (::access(path_.c_str(), R_OK) != 0 && errno == EACCES)
          return failure(denied, "the catalogue '{}' may not be read", label_);
        [[fallthrough]];
      case SQLITE_IOERR:
      case SQLITE_FULL:
        return failure(unavailable, "the catalogue '{}' does not answer: {}", label_,
                       sqlite3_errstr(code));
      case SQLITE_INTERRUPT:
        if (context_ != nullptr) context_->check();
        return failure(timeout, "the catalogue '{}' took too long", label_);
      case SQLITE_CONSTRAINT:
        return failure(conflict, "the catalogue '{}' refuses this record", label_);
      case SQLITE_TOOBIG:
      case SQLITE_NOMEM:
        return failure(too_large, "this is too large for the catalogue '{}'", label_);
      default:
        return failure(internal, "the catalogue '{}' cannot answer this", label_);
    }
  };
  Error thrown = error();
  thrown.note("{} ({}): {}", path_, db_ ? sqlite3_errmsg(db_.get()) : "not open", sql);
  throw thrown;
}

SqliteStatement SqliteConnection::prepare(std::string sql) {
  sqlite3_stmt* statement = statement_of(sql);
  return {*this, std::move(sql), statement};
}

std::unique_ptr<SqlRows> SqliteConnection::select(const SqlQuery& query) {
  auto rows =
      std::make_unique<SqliteStatement>(*this, query.text, statement_of(query.text));
  rows->bind_all(query.values);
  return rows;
}

std::int64_t SqliteConnection::change(const SqlBatch& batch) {
  if (batch.rows.empty()) return 0;
  std::int64_t changed = 0;
  auto statement = prepare(batch.head + batch.row + batch.tail);
  for (const auto& row : batch.rows) {
    statement.bind_all(row).step();
    changed += changed_rows();
    statement.reset();
  }
  return changed;
}

std::set<std::string> SqliteConnection::columns_of(std::string_view table) {
  std::set<std::string> columns;
  if (!has_table(table)) return columns;  // a view is none
  auto rows = prepare("SELECT name FROM pragma_table_info(?)");
  rows.bind(table);
  while (rows.step()) columns.insert(rows.text(0));
  return columns;
}

sqlite3_stmt* SqliteConnection::statement_of(const std::string& sql) {
  if (const auto found = idle_.find(sql); found != idle_.end()) {
    sqlite3_stmt* statement = found->second;
    idle_.erase(found);
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
  return statement;
}

void SqliteConnection::give_back(std::string sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (idle_.size() >= statements_kept) {
    for (const auto& [text, idle] : idle_) sqlite3_finalize(idle);
    idle_.clear();
  }
  if (!idle_.try_emplace(std::move(sql), statement).second) sqlite3_finalize(statement);
}

bool SqliteConnection::read_only() const {
  return sqlite3_db_readonly(db_.get(), "main") != 0;
}

std::int64_t SqliteConnection::changed_rows() const {
  return sqlite3_changes64(db_.get());
}

bool SqliteConnection::has_table(std::string_view name) {
  return prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
      .bind(name)
      .step();
}

void SqliteConnection::use_write_ahead_log() {
  sqlite3_busy_timeout(db_.get(), 0);
  sqlite3_exec(db_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
  sqlite3_busy_timeout(db_.get(), timeout_ms_);
}

void SqliteConnection::end_with(const Context* context) {
  context_ = context;
  const auto look = [](void* data) {
    return static_cast<Context*>(data)->has_ended() ? 1 : 0;
  };
  if (context == nullptr)
    sqlite3_progress_handler(db_.get(), 0, nullptr, nullptr);
  else
    sqlite3_progress_handler(db_.get(), steps_between_looks, look,
                             const_cast<Context*>(context));
}

void SqliteConnection::copy_all_from(SqliteConnection& other) {
  constexpr int all_pages = -1;
  sqlite3_backup* copy = sqlite3_backup_init(db_.get(), "main", other.db_.get(), "main");
  if (copy == nullptr) fail(sqlite3_extended_errcode(db_.get()), "copying");
  // What is copied may have taken hours to make; somebody's lock is waited out.
  sqlite3_busy_timeout(db_.get(), copy_patience_ms);
  const int code = sqlite3_backup_step(copy, all_pages);
  sqlite3_backup_finish(copy);
  sqlite3_busy_timeout(db_.get(), 0);
  // Nothing else would ever shorten the log while somebody has the file open; whoever
  // reads the old contents now keeps it until the next time.
  if (code == SQLITE_DONE)
    sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                              nullptr);
  sqlite3_busy_timeout(db_.get(), timeout_ms_);
  if (code != SQLITE_DONE) fail(code, "copying");
}

SqliteStatement::SqliteStatement(SqliteConnection& owner, std::string sql,
                                 sqlite3_stmt* statement)
    : owner_(owner), sql_(std::move(sql)), statement_(statement) {}

SqliteStatement::~SqliteStatement() { owner_.give_back(std::move(sql_), statement_); }

void SqliteStatement::checked(int code) {
  if (code != SQLITE_OK) owner_.fail(code, sql_);
}

SqliteStatement& SqliteStatement::bind(std::string_view text) {
  checked(sqlite3_bind_text64(statement_, next_++, text.data() ? text.data() : "",
                              text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

SqliteStatement& SqliteStatement::bind(double value) {
  checked(sqlite3_bind_double(statement_, next_++, value));
  return *this;
}

SqliteStatement& SqliteStatement::bind(std::int64_t value) {
  checked(sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}

SqliteStatement& SqliteStatement::bind_blob(std::string_view bytes) {
  checked(sqlite3_bind_blob64(statement_, next_++, bytes.data() ? bytes.data() : "",
                              bytes.size(), SQLITE_TRANSIENT));
  return *this;
}

SqliteStatement& SqliteStatement::bind_all(const std::vector<SqlValue>& values) {
  for (const SqlValue& value : values) {
    if (const auto* blob = std::get_if<SqlBytes>(&value))
      bind_blob(blob->bytes);
    else if (const auto* text = std::get_if<std::string>(&value))
      bind(std::string_view{*text});
    else if (const auto* number = std::get_if<double>(&value))
      bind(*number);
    else
      bind(std::get<std::int64_t>(value));
  }
  return *this;
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_);
  next_ = 1;
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) owner_.fail(code, sql_);
  return code == SQLITE_ROW;
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

double SqliteStatement::number(int column) const {
  return is_null(column) ? std::numeric_limits<double>::quiet_NaN()
                         : sqlite3_column_double(statement_, column);
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqliteStatement::text(int column) const {
  const bool is_blob = sqlite3_column_type(statement_, column) == SQLITE_BLOB;
  const void* bytes = is_blob ? sqlite3_column_blob(statement_, column)
                              : sqlite3_column_text(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

SqliteTransaction::SqliteTransaction(SqliteConnection& connection)
    : connection_(connection) {
  connection_.run("BEGIN IMMEDIATE");
}

SqliteTransaction::~SqliteTransaction() {
  if (!open_) return;
  try {
    connection_.run("ROLLBACK");
  } catch (const std::exception&) {
    // SQLite has rolled back by itself already.
  }
}

void SqliteTransaction::commit() {
  connection_.run("COMMIT");
  open_ = false;
}

}  // namespace terrazzo::catalog
