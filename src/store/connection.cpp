#include "connection.hpp"

#include <cassert>
#include <cerrno>

namespace linnet::store {
namespace {

// Another process (sqlite3's shell, a backup) may hold a lock for a moment.
constexpr int kBusyMillis = 5000;

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Mode mode,
                                                     const std::string& vfs) {
  std::unique_ptr<Connection> made(new Connection);
  const int flags =
      (mode == Mode::kWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  int code = sqlite3_open_v2(file.c_str(), &made->db_, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (code != SQLITE_OK) {
    made->note(code);
    return made->error("open");
  }
  sqlite3_busy_timeout(made->db_, kBusyMillis);
  auto set = made->exec("PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;");
  if (!set) return set.take_error();
  return made;
}

Connection::~Connection() {
  for (auto& [sql, statement] : statements_)
    sqlite3_finalize(statement);
  sqlite3_close(db_);
}

Status Connection::exec(const char* sql) {
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return success();
  note(code);
  return error(sql);
}

Status Connection::set_cache(std::size_t bytes) {
  const auto kilobytes = bytes / 1024;
  const auto sql = "PRAGMA cache_size=-" + std::to_string(kilobytes);
  return exec(sql.c_str());
}

Status Connection::set_durable(bool durable) {
  if (durable_known_ && durable_ == durable) return success();
  durable_known_ = false;
  auto set = exec(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  if (!set) return set;
  durable_known_ = true;
  durable_ = durable;
  return success();
}

Error Connection::error(std::string_view doing) const {
  std::string detail(doing);
  detail += ": ";
  detail += db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code_);
  detail += " (SQLite " + std::to_string(code_) + ")";
  return Error(ErrCode::kStorage, {}, std::move(detail));
}

void Connection::note(int code) {
  code_ = code;
  // sqlite3_system_errno() knows nothing of a COMMIT that failed.
  errno_ = (code & 0xff) == SQLITE_IOERR ? errno : 0;
}

bool Connection::disk_failed() const {
  // A write that was refused changed nothing, and may be tried again.
  if (code_ == SQLITE_IOERR_WRITE && (errno_ == ENOSPC || errno_ == EDQUOT || errno_ == EFBIG ||
                                      errno_ == EROFS || errno_ == EMFILE || errno_ == ENFILE))
    return false;
  // The wal-index is no part of the data, and cannot grow on a full disk.
  return (code_ & 0xff) == SQLITE_IOERR && code_ != SQLITE_IOERR_SHMSIZE;
}

sqlite3_stmt* Connection::statement(std::string_view sql) {
  auto it = statements_.find(sql);
  if (it != statements_.end()) {
    assert(sqlite3_stmt_busy(it->second) == 0);
    return it->second;
  }
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  if (code != SQLITE_OK) {
    note(code);
    return nullptr;
  }
  statements_.emplace(sql, made);
  return made;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Query::next() {
  if (failed_) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) check(code);
  return false;
}

Status Query::run() {
  while (next()) {
  }
  if (failed_) return error();
  return success();
}

std::string_view Query::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(size)};
}

void Query::bind(int position, std::int64_t value) {
  if (!failed_) check(sqlite3_bind_int64(statement_, position, value));
}

// A null pointer would bind NULL instead of an empty value.
void Query::bind(int position, std::string_view text) {
  if (failed_) return;
  check(sqlite3_bind_text64(statement_, position, text.empty() ? "" : text.data(), text.size(),
                            SQLITE_STATIC, SQLITE_UTF8));
}

void Query::bind(int position, Blob blob) {
  if (failed_) return;
  check(sqlite3_bind_blob64(statement_, position, blob.bytes.empty() ? "" : blob.bytes.data(),
                            blob.bytes.size(), SQLITE_STATIC));
}

void Query::check(int code) {
  if (code == SQLITE_OK) return;
  failed_ = true;
  db_.note(code);
}

Transaction::Transaction(Connection& db, Kind kind) : db_(db) {
  begun_ = Query(db_, kind == Kind::kWrite ? "BEGIN IMMEDIATE" : "BEGIN").run();
}

Transaction::~Transaction() {
  if (begun_ && db_.in_transaction()) (void)Query(db_, "ROLLBACK").run();
}

Status Transaction::commit() {
  // SQLite may have rolled back by itself; a COMMIT then would be an error that hides the first.
  if (!db_.in_transaction()) return db_.error("commit");
  return Query(db_, "COMMIT").run();
}

}  // namespace linnet::store
