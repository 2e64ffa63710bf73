// What SQLite itself can do with the rows of the message store, as it is commonly used: one thread
// in a loop, no network, no waiting callers. Below it there is only another order of doing things.
//
//   linnet-store-floor write DIR BATCH SECONDS BYTES   one-to-one messages: a row of the log, two
//       inbox entries and a dedup key each, BATCH in a transaction, FULL; 100,000 users at random
//   linnet-store-floor read DATABASE INBOX COUNT ROUNDS   COUNT messages of an inbox, joined
//
// Prints "RATE P50_MS P99_MS CPU_US": messages per second, the time of a transaction or a reading,
// and the CPU time of a message.
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

void check(bool good, sqlite3* db) {
  if (!good) throw std::runtime_error(sqlite3_errmsg(db));
}

class Database {
 public:
  explicit Database(const std::string& path) {
    check(sqlite3_open(path.c_str(), &db_) == SQLITE_OK, db_);
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  void run(const char* sql) {
    check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, db_);
  }
  sqlite3* get() { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

class Statement {
 public:
  Statement(Database& db, const char* sql) : db_(db.get()) {
    check(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) ==
              SQLITE_OK,
          db_);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& bind(int place, std::int64_t value) {
    sqlite3_bind_int64(statement_, place, value);
    return *this;
  }
  Statement& bind(int place, const std::string& blob) {
    sqlite3_bind_blob(statement_, place, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
    return *this;
  }
  bool step() {
    const int result = sqlite3_step(statement_);
    check(result == SQLITE_ROW || result == SQLITE_DONE, db_);
    return result == SQLITE_ROW;
  }
  void run() {
    step();
    reset();
  }
  void reset() { sqlite3_reset(statement_); }
  sqlite3_stmt* get() { return statement_; }

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

void print(double messages, double passed_s, std::vector<double>& times_ms) {
  std::sort(times_ms.begin(), times_ms.end());
  const auto at = [&](double share) {
    return times_ms.at(static_cast<std::size_t>(share * static_cast<double>(times_ms.size() - 1)));
  };
  const auto cpu_us = static_cast<double>(std::clock()) * 1e6 / CLOCKS_PER_SEC;
  std::printf("%.1f %.3f %.3f %.3f\n", messages / passed_s, at(0.5), at(0.99), cpu_us / messages);
}

double ms(Clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void make_schema(Database& db) {
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run(
      "CREATE TABLE message (id INTEGER PRIMARY KEY, request_id INTEGER, sender_type INTEGER,"
      " sender_id INTEGER, sender_device_id INTEGER, receiver_type INTEGER, receiver_id INTEGER,"
      " type INTEGER, status INTEGER, send_time INTEGER, received INTEGER, mentions BLOB,"
      " content BLOB) STRICT");
  db.run(
      "CREATE TABLE inbox (user_id INTEGER, seq INTEGER, message_id INTEGER,"
      " PRIMARY KEY (user_id, seq)) STRICT, WITHOUT ROWID");
  db.run(
      "CREATE TABLE dedup_key (day INTEGER, device_id INTEGER, request_id INTEGER,"
      " message_id INTEGER, seq INTEGER, PRIMARY KEY (day, device_id, request_id))"
      " STRICT, WITHOUT ROWID");
}

void write(const std::string& directory, int batch, double seconds, std::size_t payload) {
  constexpr std::size_t kUsers = 100'000;
  constexpr std::size_t kAroundText = 4;
  Database db(directory + "/floor.db");
  make_schema(db);
  Statement begin(db, "BEGIN IMMEDIATE");
  Statement commit(db, "COMMIT");
  Statement message(db, "INSERT INTO message VALUES (?1,?2,2,?3,?4,1,?5,1,0,?6,?6,x'',?7)");
  Statement entry(db, "INSERT INTO inbox VALUES (?1,?2,?3)");
  Statement key(db, "INSERT INTO dedup_key VALUES (20000,?1,?2,?3,?4)");
  const std::string content(payload + kAroundText, 'x');
  std::vector<std::int64_t> seqs(kUsers);
  std::mt19937_64 random(1);
  std::vector<double> times;
  std::int64_t id = 0;
  const auto start = Clock::now();
  auto passed = Clock::duration::zero();
  while (passed < std::chrono::duration<double>(seconds)) {
    const auto before = Clock::now();
    begin.run();
    for (int i = 0; i < batch; ++i) {
      ++id;
      const auto from = random() % kUsers;
      const auto to = random() % kUsers;
      const auto sender = static_cast<std::int64_t>(from);
      const auto receiver = static_cast<std::int64_t>(to);
      message.bind(1, id).bind(2, id).bind(3, sender).bind(4, sender).bind(5, receiver);
      message.bind(6, 1'700'000'000'000 + id).bind(7, content).run();
      const auto seq = ++seqs[from];
      entry.bind(1, sender).bind(2, seq).bind(3, id).run();
      entry.bind(1, receiver).bind(2, ++seqs[to]).bind(3, id).run();
      key.bind(1, sender).bind(2, id).bind(3, id).bind(4, seq).run();
    }
    commit.run();
    times.push_back(ms(Clock::now() - before));
    passed = Clock::now() - start;
  }
  print(static_cast<double>(id), ms(passed) / 1e3, times);
}

std::int64_t varint(const unsigned char*& at, const unsigned char* end) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; at < end && shift < 64; shift += 7) {
    number |= static_cast<std::uint64_t>(*at & 0x7fU) << shift;
    if ((*at++ & 0x80U) == 0) return static_cast<std::int64_t>(number);
  }
  throw std::runtime_error("the inbox has a run that cannot be read");
}

// Which messages the inbox has, a row each, as such an index is commonly kept.
void make_plain_index(Database& db, std::int64_t inbox) {
  db.run("PRAGMA temp_store = MEMORY");
  db.run("CREATE TEMP TABLE plain (seq INTEGER PRIMARY KEY, message_id INTEGER)");
  Statement runs(db, "SELECT seq, message_id, entries, more FROM inbox WHERE inbox_id = ?1");
  Statement entry(db, "INSERT INTO plain VALUES (?1, ?2)");
  runs.bind(1, inbox);
  while (runs.step()) {
    auto seq = sqlite3_column_int64(runs.get(), 0);
    auto message = sqlite3_column_int64(runs.get(), 1);
    const auto last = seq + sqlite3_column_int64(runs.get(), 2) - 1;
    const auto* more = static_cast<const unsigned char*>(sqlite3_column_blob(runs.get(), 3));
    const auto* end = more + sqlite3_column_bytes(runs.get(), 3);
    entry.bind(1, seq).bind(2, message).run();
    while (++seq <= last)
      entry.bind(1, seq).bind(2, message += varint(more, end)).run();
  }
}

void read(const std::string& path, std::int64_t inbox, std::int64_t count, int rounds) {
  Database db(path);
  make_plain_index(db, inbox);
  Statement rows(db,
                 "SELECT i.seq, m.request_id, m.sender_type, m.sender_id, m.sender_device_id,"
                 " m.receiver_type, m.receiver_id, m.type, m.status, m.send_time, m.mentions,"
                 " m.content FROM plain i JOIN message m ON m.id = i.message_id"
                 " ORDER BY i.seq LIMIT ?1");
  std::vector<double> times;
  double messages = 0;
  double all_ms = 0;
  for (int round = 0; round <= rounds; ++round) {
    const auto before = Clock::now();
    std::string copy;
    std::int64_t sum = 0;
    std::int64_t found = 0;
    rows.bind(1, count);
    while (rows.step()) {
      for (int column = 0; column < 10; ++column)
        sum += sqlite3_column_int64(rows.get(), column);
      const auto* content = static_cast<const char*>(sqlite3_column_blob(rows.get(), 11));
      copy.assign(content, static_cast<std::size_t>(sqlite3_column_bytes(rows.get(), 11)));
      ++found;
    }
    rows.reset();
    if (found != count || sum == 0) throw std::runtime_error("the inbox has not so many messages");
    if (round == 0) continue;  // the first pays for a cold page cache
    times.push_back(ms(Clock::now() - before));
    all_ms += times.back();
    messages += static_cast<double>(found);
  }
  print(messages, all_ms / 1e3, times);
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string what = count == 6 ? arguments[1] : "";
  if (what == "write") {
    write(arguments[2], std::atoi(arguments[3]), std::atof(arguments[4]),
          static_cast<std::size_t>(std::atoll(arguments[5])));
  } else if (what == "read") {
    read(arguments[2], std::atoll(arguments[3]), std::atoll(arguments[4]), std::atoi(arguments[5]));
  } else {
    std::fputs(
        "usage: linnet-store-floor write DIR BATCH SECONDS BYTES"
        " | read DATABASE INBOX COUNT ROUNDS\n",
        stderr);
    return 2;
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "linnet-store-floor: %s\n", error.what());
  return 1;
}
