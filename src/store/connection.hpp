// SQLite behind two small types: a Connection owns the handle and its prepared statements, a Query
// is one use of a statement with bound parameters.
#pragma once

#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace linnet::store {

// Thread: one at a time.
class Connection {
 public:
  enum class Mode { kWrite, kRead };
  // `vfs` empty: the system's. Error: kStorage.
  static Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Mode mode,
                                                  const std::string& vfs = {});
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // For statements without parameters or rows. Error: kStorage.
  Status exec(const char* sql);
  // Whether the next commits wait for the disk. Not inside a transaction. Error: kStorage.
  Status set_durable(bool durable);
  // At most so much of the database is kept in memory. Error: kStorage.
  Status set_cache(std::size_t bytes);
  bool in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }
  // Rows that the last INSERT, UPDATE or DELETE changed.
  int changes() const { return sqlite3_changes(db_); }

  // Of the last failure: what SQLite says, and its extended code.
  Error error(std::string_view doing) const;
  int code() const { return code_; }
  // For calls on handle(): keeps the code and makes an Error of it.
  Error fail(int code, std::string_view doing) {
    note(code);
    return error(doing);
  }
  // The last failure was the disk's (fsync, read or write), not merely a lack of space or of leave
  // to write: what the kernel holds of the files can no longer be trusted.
  bool disk_failed() const;

  sqlite3* handle() { return db_; }

 private:
  friend class Query;
  Connection() = default;
  sqlite3_stmt* statement(std::string_view sql);
  void note(int code);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  sqlite3* db_ = nullptr;
  int code_ = SQLITE_OK;
  int errno_ = 0;  // the system's, of the last failure
  bool durable_known_ = false;
  bool durable_ = false;
  std::unordered_map<std::string, sqlite3_stmt*, Hash, std::equal_to<>> statements_;
};

struct Blob {
  std::string_view bytes;
};

// One use of a prepared statement; the connection keeps the statement for the next. What is bound
// must outlive the Query. Two Queries of one connection with the same text must not overlap.
class Query {
 public:
  template <class... Values>
  explicit Query(Connection& db, std::string_view sql, const Values&... values)
      : db_(db), statement_(db.statement(sql)), failed_(statement_ == nullptr) {
    int position = 0;
    (bind(++position, values), ...);
  }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  ~Query();

  // For what the constructor was not given; before next().
  void bind(int position, std::int64_t value);
  // True when there is a row (again); false at the end and on failure.
  bool next();
  bool failed() const { return failed_; }
  Error error() const { return db_.error("query"); }
  // To the end.
  Status run();

  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  std::int32_t small(int column) const { return sqlite3_column_int(statement_, column); }
  // Valid until the next row.
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }
  template <class Id>
  Id id(int column) const {
    return Id(number(column));
  }

 private:
  void bind(int position, std::int32_t value) { bind(position, std::int64_t{value}); }
  void bind(int position, std::string_view text);
  void bind(int position, const std::string& text) { bind(position, std::string_view(text)); }
  void bind(int position, Blob blob);
  template <class Tag>
  void bind(int position, Number<Tag> value) {
    bind(position, value.value());
  }
  void check(int code);

  Connection& db_;
  sqlite3_stmt* statement_;
  bool failed_;
};

// A transaction on one connection. Without commit() it is rolled back at the end of the scope.
class Transaction {
 public:
  enum class Kind { kRead, kWrite };
  Transaction(Connection& db, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  const Status& begun() const { return begun_; }
  Status commit();

 private:
  Connection& db_;
  Status begun_;
};

}  // namespace linnet::store
