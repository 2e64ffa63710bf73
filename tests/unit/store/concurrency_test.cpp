// Many threads at once: senders, readers, retries, a closing store.
#include "store_kit.hpp"

#include <map>
#include <mutex>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr int kUsers = 6;

store::SqliteOptions tiny_slices() {
  store::SqliteOptions options;
  options.merge_after = 8;
  options.merge_slice = std::chrono::milliseconds(0);
  options.batch = 16;
  return options;
}

// Reads each inbox again and again from where it was, as a device that syncs; throws on a gap or a
// repeat.
void follow(SqliteEngine& engine, const std::atomic<bool>& stop, std::atomic<int>& pages,
            std::atomic<bool>& wrong) {
  auto calls = engine.calls();
  std::vector<std::int64_t> at(kUsers + 1, 0);
  while (!stop) {
    for (int user = 1; user <= kUsers; ++user) {
      auto& seq = at[static_cast<std::size_t>(user)];
      // Now and then from the start, through all of the index.
      if (pages % 50 == 0) seq = 0;
      auto page = calls.try_read(user, seq, {7, 100'000});
      if (!page) {
        wrong = true;
        return;
      }
      for (const auto& entry : page->entries) {
        if (entry.seq.value() != ++seq) wrong = true;
      }
      if (seq > page->head.value()) wrong = true;
      ++pages;
    }
  }
}

}  // namespace

TEST_CASE("eight senders, and readers during the merge, see every inbox whole") {
  SqliteEngine engine(tiny_slices(), {});
  std::mutex mutex;
  std::map<std::int64_t, std::int64_t> delivered;
  std::atomic<bool> wrong = false;
  std::atomic<bool> stop = false;
  std::atomic<int> pages = 0;
  std::atomic<int> completed = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] { follow(engine, stop, pages, wrong); });

  constexpr int kSenders = 8;
  constexpr int kEach = 250;
  std::vector<std::thread> senders;
  for (int sender = 1; sender <= kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; i < kEach; ++i) {
        const int to = 1 + (sender + i) % kUsers;
        const int also = 1 + (sender + i + 1 + i % 3) % kUsers;
        Done<store::Appended> done = [&](Result<store::Appended> result) {
          // On the writer's thread, in commit order: deliveries are in seq order.
          if (!result) wrong = true;
          for (const auto& place : result->placed) {
            auto& last = delivered[place.user.value()];
            if (place.seq.value() != ++last) wrong = true;
          }
          ++completed;
        };
        auto message = text(100 + sender, {to}, std::to_string(sender) + "/" + std::to_string(i));
        if (also != to) message.recipients.emplace_back(also);
        engine.store().append(std::move(message), std::move(done));
      }
    });
  }
  for (auto& sender : senders)
    sender.join();
  REQUIRE(eventually([&] { return completed == kSenders * kEach; }));
  REQUIRE(eventually([&] { return engine.merged(); }));
  stop = true;
  for (auto& reader : readers)
    reader.join();

  CHECK_FALSE(wrong);
  CHECK(pages > 0);
  std::map<std::string, int> copies;
  std::int64_t entries = 0;
  for (int user = 1; user <= kUsers; ++user) {
    auto inbox = engine.calls().inbox(user);
    CHECK(static_cast<std::int64_t>(inbox.size()) == delivered[user]);
    entries += delivered[user];
    for (const auto& content : inbox)
      ++copies[content];
  }
  CHECK(copies.size() == kSenders * kEach);
  CHECK(engine.number("SELECT sum(entries) FROM inbox") == entries);
  CHECK(engine.number("SELECT count(*) FROM message") == kSenders * kEach);
}

TEST_CASE("while several send at once, a commit waits until enough have come, or for the end") {
  store::SqliteOptions options;
  options.commit_delay = std::chrono::hours(1);
  SqliteEngine engine(options, {});
  std::atomic<int> answered = 0;
  int sent = 0;
  const auto send = [&](int count, const std::function<void()>& then = {}) {
    for (int i = 0; i < count; ++i) {
      engine.store().append(text(100, {1}, std::to_string(++sent)),
                            [&answered, then](Result<store::Appended> result) {
                              if (then) then();
                              if (result) ++answered;
                            });
    }
  };
  const auto commits = [&] {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i <= Durations::kBounds.size(); ++i)
      all += engine.store().commits()->count(i);
    return all;
  };

  // One alone is not kept waiting; its answer keeps the writer until four more have come.
  std::promise<void> came;
  send(1, [&] { came.get_future().wait(); });
  REQUIRE(eventually([&] { return commits() == 1; }));
  send(4);
  came.set_value();
  REQUIRE(eventually([&] { return answered == 5; }));
  CHECK(commits() == 2);

  send(31);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(answered == 5);
  send(1);
  REQUIRE(eventually([&] { return answered == 37; }));
  CHECK(commits() == 3);

  send(1);
  engine.store().close();
  CHECK(answered == 38);
  CHECK(commits() == 4);
}

TEST_CASE("a storm of retries makes one message") {
  SqliteEngine engine(tiny_slices(), {});
  std::atomic<int> stored = 0;
  std::atomic<bool> differs = false;
  std::vector<std::thread> senders;
  for (int i = 0; i < 8; ++i) {
    senders.emplace_back([&] {
      auto calls = engine.calls();
      for (int request = 1; request <= 40; ++request) {
        auto sent = calls.append(text(1, {1, 2}, std::to_string(request), 5, request));
        if (!sent.duplicate) ++stored;
        if (sent.sender_seq != Seq(sent.id.value())) differs = true;
      }
    });
  }
  for (auto& sender : senders)
    sender.join();

  CHECK(stored == 40);
  CHECK_FALSE(differs);
  auto inbox = engine.calls().inbox(2);
  REQUIRE(inbox.size() == 40);
  CHECK(inbox.back() == "40");
}

TEST_CASE("closing answers every call, and keeps what it acknowledged") {
  SqliteEngine engine(tiny_slices(), {});
  std::atomic<int> answered = 0;
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> wrong = false;
  std::atomic<int> sent = 0;
  std::vector<std::thread> senders;
  for (int sender = 1; sender <= 4; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; i < 500; ++i) {
        Done<store::Appended> done = [&](Result<store::Appended> result) {
          ++answered;
          if (result) ++acknowledged;
          if (!result && result.code() != ErrCode::kShuttingDown) wrong = true;
        };
        ++sent;
        engine.store().append(text(sender, {sender, 9}, "x"), std::move(done));
      }
    });
  }
  CHECK(eventually([&] { return sent > 500; }));
  engine.store().close();
  for (auto& sender : senders)
    sender.join();

  CHECK(answered == 2000);
  CHECK_FALSE(wrong);
  engine.reopen();
  CHECK(engine.calls().inbox(9).size() == static_cast<std::size_t>(acknowledged));
}

TEST_CASE("a full queue refuses, and what was refused is not done") {
  store::SqliteOptions options;
  options.queue = 2;
  SqliteEngine engine(options, {});
  std::promise<void> go;
  auto gate = go.get_future().share();
  std::promise<void> blocked;
  std::atomic<int> stored = 0;
  std::atomic<int> busy = 0;
  Done<store::Appended> block = [&](Result<store::Appended>) {
    blocked.set_value();
    gate.wait();
  };
  engine.store().append(text(1, {1}, "first"), std::move(block));
  blocked.get_future().wait();

  for (int i = 0; i < 5; ++i) {
    Done<store::Appended> done = [&](Result<store::Appended> result) {
      ++(result.code() == ErrCode::kServerBusy ? busy : stored);
    };
    engine.store().append(text(1, {1}, "next"), std::move(done));
  }
  CHECK(busy == 3);
  go.set_value();

  REQUIRE(eventually([&] { return stored == 2; }));
  CHECK(engine.calls().inbox(1).size() == 3);
}

TEST_CASE("the write-ahead log stays short under steady writing") {
  store::Tuning tuning;
  tuning.checkpoint_every = std::chrono::milliseconds(1);
  tuning.checkpoint_frames = 1;
  tuning.wal_limit_frames = 32;
  SqliteEngine engine(tiny_slices(), tuning);
  auto calls = engine.calls();
  // About 2,000 frames in all; the file is reused from its start, so it keeps its longest length.
  for (int i = 0; i < 500; ++i)
    calls.append(text(1, {1, 2}, std::string(3000, 'x'), 5, i + 1));

  const auto wal = engine.options().directory / "linnet.db-wal";
  CHECK(std::filesystem::file_size(wal) < 1500U * 4096U);
  CHECK(calls.inbox(2).size() == 500);
}
