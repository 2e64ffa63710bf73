// `linnet backup`, `restore` and `check`: a copy made under load is what was there at one moment.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <sqlite3.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

const std::vector<std::string> kOpen{"--set", "logic.require_friendship=false", "--set",
                                     "store.merge_after=64"};

Outcome linnet_command(std::vector<std::string> arguments, const std::filesystem::path& data) {
  arguments.insert(arguments.end(), {"--data-dir", data.string()});
  return run_program(LINNET_BINARY, arguments);
}

std::vector<std::string> inbox(const ServerProcess& server, const TestUser& user) {
  auto connection =
      LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), user);
  std::vector<std::string> texts;
  for (const auto& item : connection.sync(0)) {
    CHECK(item.seq() == static_cast<std::int64_t>(texts.size()) + 1);
    texts.push_back(text_of(item));
  }
  return texts;
}

void run_sql(const std::filesystem::path& data, const char* sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open((data / "linnet.db").c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}

int number(const std::filesystem::path& data, const char* sql) {
  sqlite3* db = nullptr;
  sqlite3_stmt* row = nullptr;
  sqlite3_open((data / "linnet.db").c_str(), &db);
  sqlite3_prepare_v2(db, sql, -1, &row, nullptr);
  const int value = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int(row, 0) : -1;
  sqlite3_finalize(row);
  sqlite3_close(db);
  return value;
}

// Users that write to each other, as fast as they are answered.
struct Load {
  explicit Load(const ServerProcess& server) {
    for (int i = 0; i < 8; ++i)
      users.push_back(sign_in(server.http_port(), std::to_string(1000 + i)));
    for (std::size_t who = 0; who < users.size(); ++who)
      threads.emplace_back([this, who, port = server.http_port()] { write(who, port); });
  }
  ~Load() { stop(); }
  void stop() {
    stopping = true;
    for (auto& thread : threads)
      thread.join();
    threads.clear();
  }
  void write(std::size_t who, std::uint16_t port) {
    for (int n = 1; !stopping; ++n) {
      const auto text = std::to_string(who) + "/" + std::to_string(n);
      send_text(port, users[who], users[(who + static_cast<std::size_t>(n)) % 7].id, text, n);
      std::lock_guard lock(mutex);
      acknowledged.insert(text);
    }
  }
  std::set<std::string> so_far() {
    std::lock_guard lock(mutex);
    return acknowledged;
  }
  std::size_t wait_for(std::size_t count) {
    while (so_far().size() < count)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return so_far().size();
  }

  std::vector<TestUser> users;
  std::vector<std::thread> threads;
  std::atomic<bool> stopping = false;
  std::mutex mutex;
  std::set<std::string> acknowledged;
};

}  // namespace

TEST_CASE("a backup under load has what was acknowledged before it, and each inbox's beginning") {
  TempDir dir;
  const auto data = dir.path() / "data";
  ServerProcess server(data, kOpen);
  Load load(server);
  constexpr int kBackups = 3;
  std::vector<std::set<std::string>> before;
  for (int i = 0; i < kBackups; ++i) {
    const auto count = load.wait_for(200 + load.so_far().size());
    before.push_back(load.so_far());
    const auto made = linnet_command({"backup", (dir.path() / std::to_string(i)).string()}, data);
    CAPTURE(made.err);
    REQUIRE(made.status == 0);
    CHECK(made.out.find("backed up to") != std::string::npos);
    load.wait_for(count + 100);  // nobody was stopped
    const auto live = linnet_command({"check"}, data);
    CHECK(live.out.find("sound") != std::string::npos);
  }
  load.stop();
  std::vector<std::vector<std::string>> whole;
  for (const auto& user : load.users)
    whole.push_back(inbox(server, user));

  for (int i = 0; i < kBackups; ++i) {
    const auto copy = dir.path() / std::to_string(i);
    const auto restored = dir.path() / ("restored" + std::to_string(i));
    CHECK(linnet_command({"check"}, copy).status == 0);
    REQUIRE(linnet_command({"restore", copy.string()}, restored).status == 0);
    ServerProcess again(restored, kOpen);
    std::set<std::string> kept;
    for (std::size_t who = 0; who < load.users.size(); ++who) {
      const auto texts = inbox(again, load.users[who]);
      REQUIRE(texts.size() <= whole[who].size());
      CHECK(std::equal(texts.begin(), texts.end(), whole[who].begin()));
      kept.insert(texts.begin(), texts.end());
    }
    for (const auto& text : before[static_cast<std::size_t>(i)])
      CHECK(kept.contains(text));
  }
}

TEST_CASE("a restore says no where something would be lost, and gives a new epoch") {
  TempDir dir;
  const auto data = dir.path() / "data";
  const auto copy = dir.path() / "copy";
  TestUser anna;
  {
    ServerProcess server(data, kOpen);
    anna = sign_in(server.http_port(), "100");
    send_text(server.http_port(), anna, anna.id, "first", 1);
    REQUIRE(linnet_command({"backup", copy.string()}, data).status == 0);
    send_text(server.http_port(), anna, anna.id, "second", 2);
    // Not twice to one place, and not under a server that runs.
    CHECK(linnet_command({"backup", copy.string()}, data).status != 0);
    const auto running = linnet_command({"restore", copy.string(), "--replace"}, data);
    CHECK(running.status != 0);
    CHECK(running.err.find("in use by another process") != std::string::npos);
    CHECK(server.stop() == 0);
  }
  const auto occupied = linnet_command({"restore", copy.string()}, data);
  CHECK(occupied.status != 0);
  CHECK(occupied.err.find("--replace") != std::string::npos);

  const auto restored = linnet_command({"restore", copy.string(), "--replace"}, data);
  CAPTURE(restored.err);
  REQUIRE(restored.status == 0);
  CHECK(restored.out.find("before-restore-") != std::string::npos);
  {
    ServerProcess server(data, kOpen);
    CHECK(inbox(server, anna) == std::vector<std::string>{"first"});
  }
  CHECK(linnet_command({"check"}, data).out.find("sound") != std::string::npos);
  const auto epoch = [](const std::filesystem::path& where) {
    sqlite3* db = nullptr;
    sqlite3_stmt* row = nullptr;
    sqlite3_open((where / "linnet.db").c_str(), &db);
    sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key = 'epoch'", -1, &row, nullptr);
    REQUIRE(sqlite3_step(row) == SQLITE_ROW);
    std::string text = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    sqlite3_close(db);
    return text;
  };
  CHECK(epoch(data) != epoch(copy));

  run_sql(copy, "PRAGMA user_version = 999");
  const auto newer = linnet_command({"restore", copy.string()}, dir.path() / "other");
  CHECK(newer.status != 0);
  CHECK(newer.err.find("schema 999") != std::string::npos);
  CHECK(linnet_command({"backup", (dir.path() / "none").string()}, dir.path() / "nothing").status !=
        0);
}

TEST_CASE("a check finds what does not agree") {
  TempDir dir;
  const auto data = dir.path() / "data";
  {
    ServerProcess server(data, kOpen);
    auto anna = sign_in(server.http_port(), "100");
    for (int n = 1; n <= 80; ++n) {
      send_text(server.http_port(), anna, anna.id, std::to_string(n), n);
      // In two runs of the index, or more.
      if (n % 40 != 0) continue;
      while (number(data, "SELECT value FROM meta WHERE key = 'merged_upto'") != n)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    CHECK(server.stop() == 0);
  }
  REQUIRE(linnet_command({"check"}, data).status == 0);
  const auto [sql, said] = GENERATE(
      std::pair{"DELETE FROM inbox WHERE seq = 1", "has a gap"},
      std::pair{"UPDATE inbox SET more = x'ff' WHERE seq = 1", "has a damaged run"},
      std::pair{"DELETE FROM message WHERE id = 5", "no message"},
      std::pair{"UPDATE message SET recipients = x'ff' WHERE id = 5", "no readable recipients"},
      std::pair{"UPDATE inbox SET message_id = 2 WHERE seq = 1", "another one stands there"});
  run_sql(data, sql);

  const auto checked = linnet_command({"check"}, data);
  CHECK(checked.status != 0);
  CHECK(checked.out.find(said) != std::string::npos);
}
