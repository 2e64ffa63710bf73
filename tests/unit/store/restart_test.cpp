// What a restart finds: after a close, and after a kill in the middle of everything.
#include "store_kit.hpp"

#include <mutex>

using namespace linnet;
using namespace linnet::test;

TEMPLATE_TEST_CASE("a restart keeps everything and goes on where it was", "", LazyMerge,
                   EagerMerge) {
  TestType engine;
  store::Appended sent;
  {
    auto calls = engine.calls();
    for (int i = 0; i < 50; ++i)
      calls.append(text(1, {1, 2 + i % 3}, std::to_string(i)));
    sent = calls.append(text(1, {1, 9}, "keyed", 5, 6));
  }

  for (int round = 0; round < 3; ++round) {
    engine.reopen();
    auto calls = engine.calls();
    auto inbox = calls.inbox(1);
    REQUIRE(inbox.size() == static_cast<std::size_t>(51 + round));
    CHECK(inbox[49] == "49");
    CHECK(calls.inbox(2).size() == 17);
    auto again = calls.append(text(1, {1, 9}, "keyed", 5, 6));
    CHECK(again.duplicate);
    CHECK(again.id == sent.id);
    CHECK(again.sender_seq == sent.sender_seq);
    CHECK(calls.append(text(1, {1}, "more")).sender_seq == Seq(52 + round));
  }
}

TEST_CASE("the tail is rebuilt from the log and merged once") {
  LazyMerge lazy;
  for (int i = 0; i < 200; ++i)
    lazy.calls().append(text(1, {1, 2}, std::to_string(i), 3, i + 1));
  CHECK(lazy.number("SELECT sum(entries) FROM inbox") == 0);
  lazy.close();

  store::SqliteOptions options;
  options.directory = lazy.options().directory;
  SqliteEngine eager(options, {});

  REQUIRE(eventually([&] { return eager.merged(); }));
  CHECK(eager.number("SELECT sum(entries) FROM inbox") == 400);
  CHECK(eager.number("SELECT count(*) FROM dedup_key") == 200);
  CHECK(eager.calls().inbox(2).back() == "199");
  CHECK(eager.calls().append(text(1, {1, 2}, "0", 3, 1)).duplicate);
}

TEST_CASE("a kill while writing and merging loses nothing that was acknowledged") {
  store::SqliteOptions options;
  options.merge_after = 20;
  options.merge_slice = std::chrono::milliseconds(0);
  store::Tuning tuning;
  // Only then are database and write-ahead log, copied one after the other, of one moment.
  tuning.checkpoint_every = std::chrono::hours(1);
  SqliteEngine engine(options, tuning);
  std::mutex mutex;
  std::vector<std::pair<std::int64_t, store::Appended>> acknowledged;
  std::atomic<bool> stop = false;
  std::vector<std::thread> senders;
  for (int device = 1; device <= 4; ++device) {
    senders.emplace_back([&, device] {
      auto calls = engine.calls();
      for (int i = 1; !stop; ++i) {
        auto sent = calls.append(text(device, {device, 100}, "x", device, i));
        std::lock_guard lock(mutex);
        acknowledged.emplace_back(device, sent);
      }
    });
  }

  TempDir dir;
  std::vector<std::size_t> before;
  for (std::size_t kill = 1; kill <= 5; ++kill) {
    CHECK(eventually([&] {
      std::lock_guard lock(mutex);
      return acknowledged.size() >= kill * 150;
    }));
    {
      std::lock_guard lock(mutex);
      before.push_back(acknowledged.size());
    }
    auto copy = dir.path() / std::to_string(kill);
    std::filesystem::create_directory(copy);
    for (const char* file : {"linnet.db", "linnet.db-wal"})
      std::filesystem::copy(engine.options().directory / file, copy / file);
  }
  stop = true;
  for (auto& sender : senders)
    sender.join();

  for (std::size_t kill = 1; kill <= 5; ++kill) {
    store::SqliteOptions killed;
    killed.directory = dir.path() / std::to_string(kill);
    SqliteEngine restarted(killed, LazyMerge::tuning());
    auto calls = restarted.calls();
    std::size_t own = 0;
    for (int user = 1; user <= 4; ++user)
      own += calls.inbox(user).size();
    CHECK(own == calls.inbox(100).size());
    CHECK(own >= before[kill - 1]);
    for (std::size_t i = 0; i < before[kill - 1]; i += 37) {
      const auto& [device, sent] = acknowledged[i];
      auto again = calls.append(text(device, {device, 100}, "x", device, sent.sender_seq.value()));
      CHECK(again.duplicate);
      CHECK(again.id == sent.id);
    }
  }
}

TEST_CASE("acknowledgements are written behind, clamped, and survive a restart") {
  LazyMerge engine;
  for (int i = 0; i < 10; ++i)
    engine.calls().append(text(1, {1}, "x"));
  engine.calls().acknowledge(1, 5, 4);
  engine.calls().acknowledge(1, 6, 1'000'000);
  engine.calls().acknowledge(2, 5, 7);
  REQUIRE(eventually([&] { return engine.number("SELECT count(*) FROM device_ack") == 2; }));
  CHECK(engine.number("SELECT max(seq) FROM device_ack") == 10);
  engine.calls().acknowledge(1, 5, 9);
  engine.calls().acknowledge(1, 6, 3);

  engine.reopen();

  CHECK(engine.number("SELECT seq FROM device_ack WHERE device_id = 5") == 9);
  CHECK(engine.number("SELECT seq FROM device_ack WHERE device_id = 6") == 10);
  CHECK(engine.calls().acknowledged(1) == 10);
  CHECK(engine.calls().acknowledged(2) == 0);
}

TEST_CASE("a damaged log is refused at the start, not served with holes") {
  LazyMerge engine;
  for (int i = 0; i < 5; ++i)
    engine.calls().append(text(1, {1}, "x"));
  engine.close();
  {
    auto db =
        Calls::get(store::Connection::open(engine.database(), store::Connection::Mode::kWrite));
    REQUIRE(db->exec("DELETE FROM message WHERE id = 3"));
  }
  CHECK_THROWS_WITH(engine.open(), Catch::Matchers::Contains("database is damaged"));
}

TEST_CASE("a hole in the index is an error, never a silent gap") {
  SqliteEngine engine;
  // A run each.
  for (int i = 0; i < 5; ++i) {
    engine.calls().append(text(1, {1}, "x"));
    REQUIRE(eventually([&] { return engine.merged(); }));
  }
  {
    auto db =
        Calls::get(store::Connection::open(engine.database(), store::Connection::Mode::kWrite));
    REQUIRE(db->exec("DELETE FROM inbox WHERE seq = 3"));
  }
  CHECK(engine.calls().try_read(1, 0).code() == ErrCode::kStorage);
  CHECK(engine.calls().read(1, 3).entries.size() == 2);
}
