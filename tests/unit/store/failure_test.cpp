// A disk that is full, and one that fails.
#include "faulty_vfs.hpp"
#include "group_calls.hpp"
#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

store::Tuning on(const FaultyVfs& disk, std::chrono::milliseconds idle_before_merge) {
  store::Tuning tuning;
  tuning.vfs = disk.name();
  tuning.idle_before_merge = idle_before_merge;
  return tuning;
}

constexpr std::chrono::hours kNever{1};

// Keeps the writer waiting behind a message until go(): what is submitted meanwhile is one batch.
class Hold {
 public:
  explicit Hold(store::Store& store) {
    Done<store::Appended> wait = [this](Result<store::Appended>) {
      waiting_.set_value();
      gate_.wait();
    };
    store.append(text(1, {1}, "first"), std::move(wait));
    waiting_.get_future().wait();
  }
  void go() { go_.set_value(); }

 private:
  std::promise<void> go_;
  std::shared_future<void> gate_ = go_.get_future().share();
  std::promise<void> waiting_;
};

}  // namespace

TEST_CASE("a full disk refuses, and after it has room nothing is lost or doubled") {
  FaultyVfs disk;
  SqliteEngine engine({}, on(disk, kNever));
  auto calls = engine.calls();
  int acknowledged = 0;
  int refused = 0;
  for (int request = 1; request <= 60; ++request) {
    // Full in the middle of a transaction's pages, at different places each time.
    if (request % 6 == 0) disk.fill_up(request % 5);
    for (;;) {
      auto sent =
          calls.try_append(text(1, {1, 1 + request % 7 + 1},
                                std::to_string(request) + std::string(9000, '.'), 5, request));
      if (sent) {
        ++acknowledged;
        CHECK_FALSE(sent->duplicate);
        CHECK(sent->sender_seq == Seq(request));
        CHECK(sent->id == MessageId(request));
        break;
      }
      ++refused;
      CHECK(sent.code() == ErrCode::kStorage);
      CHECK(calls.head(1) == request - 1);
      disk.make_room();
    }
  }
  disk.make_room();

  CHECK(acknowledged == 60);
  CHECK(refused > 0);
  auto inbox = calls.inbox(1);
  REQUIRE(inbox.size() == 60);
  for (std::size_t i = 0; i < inbox.size(); ++i)
    CHECK(inbox[i].substr(0, inbox[i].find('.')) == std::to_string(i + 1));
  engine.reopen();
  CHECK(engine.calls().inbox(1) == inbox);
}

TEST_CASE("a merge that finds the disk full goes on when there is room") {
  FaultyVfs disk;
  store::SqliteOptions options;
  options.merge_after = 400;
  options.merge_slice = std::chrono::milliseconds(0);
  SqliteEngine engine(options, on(disk, kNever));
  auto calls = engine.calls();
  for (int i = 1; i < 200; ++i)
    calls.append(text(1, {1, 1 + i}, std::to_string(i), 5, i));
  // Full from this message's completion on: the merge that it sets off cannot write. The first
  // time, not even its first slice; then, one in the middle.
  const int slices = GENERATE(0, 30);
  Done<store::Appended> fill = [&](Result<store::Appended>) { disk.fill_up(slices); };
  engine.store().append(text(1, {1, 2}, "200", 5, 200), std::move(fill));
  REQUIRE(eventually([&] { return !engine.store().trouble().empty(); }));
  // It is told of without a break, also between two attempts.
  for (int i = 0; i < 120; ++i) {
    REQUIRE_FALSE(engine.store().trouble().empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  CHECK_FALSE(engine.merged());
  CHECK(calls.inbox(1).size() == 200);
  CHECK(calls.append(text(1, {1, 2}, "1", 5, 1)).duplicate);
  CHECK(calls.try_append(text(1, {1}, "refused")).code() == ErrCode::kStorage);
  disk.make_room();

  REQUIRE(eventually([&] { return engine.merged(); }));
  REQUIRE(eventually([&] { return engine.store().trouble().empty(); }));
  CHECK(engine.number("SELECT sum(entries) FROM inbox") == 400);
  CHECK(engine.number("SELECT count(*) FROM dedup_key") == 200);
  CHECK(calls.inbox(1).size() == 200);
  CHECK(calls.append(text(1, {1}, "201")).sender_seq == Seq(201));
}

TEST_CASE("a job that fails while writing gives its numbers back") {
  SqliteEngine engine({}, LazyMerge::tuning());
  auto calls = engine.calls();
  calls.append(text(1, {1, 2}, "first", 5, 1));
  auto beside =
      Calls::get(store::Connection::open(engine.database(), store::Connection::Mode::kWrite));
  // A row in the way makes the next message's own statement fail, and nothing else.
  REQUIRE(
      beside->exec("INSERT INTO message SELECT 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, x'', x'', x'', 0"));

  CHECK(calls.try_append(text(1, {1, 2}, "second", 5, 2)).code() == ErrCode::kStorage);
  REQUIRE(beside->exec("DELETE FROM message WHERE id = 2"));

  auto sent = calls.append(text(1, {1, 2}, "second", 5, 2));
  CHECK_FALSE(sent.duplicate);
  CHECK(sent.id == MessageId(2));
  CHECK(sent.placed == std::vector<store::Placed>{{UserId(1), Seq(2)}, {UserId(2), Seq(2)}});
  CHECK(calls.inbox(2) == std::vector<std::string>{"first", "second"});
}

TEST_CASE("after a failed fsync nothing more is acknowledged until a restart") {
  FaultyVfs disk;
  SqliteEngine engine({}, on(disk, kNever));
  auto calls = engine.calls();
  for (int i = 1; i <= 5; ++i)
    calls.append(text(1, {1}, std::to_string(i), 5, i));

  disk.fail_syncs(true);
  CHECK(calls.try_append(text(1, {1}, "6", 5, 6)).code() == ErrCode::kStorage);
  disk.fail_syncs(false);

  const int failures = disk.failures();
  CHECK(calls.try_append(text(1, {1}, "7", 5, 7)).code() == ErrCode::kStorage);
  CHECK(disk.failures() == failures);
  CHECK(calls.inbox(1).size() == 5);
  // A sync asks for them, in order with what is written.
  CHECK(GroupCalls(engine.store()).large_groups(1).empty());
  engine.reopen();
  auto again = engine.calls();
  // Whether the sixth is there is the disk's choice; it is never there twice.
  const auto kept = again.inbox(1).size();
  CHECK((kept == 5 || kept == 6));
  auto retried = again.append(text(1, {1}, "6", 5, 6));
  CHECK(retried.duplicate == (kept == 6));
  CHECK(again.inbox(1).size() == 6);
  CHECK(again.append(text(1, {1}, "7", 5, 7)).sender_seq == Seq(7));
}

TEST_CASE("a store whose files are removed under it saves what it has and takes no more") {
  SqliteEngine engine({}, LazyMerge::tuning());
  auto calls = engine.calls();
  for (int i = 1; i <= 5; ++i)
    calls.append(text(1, {1}, std::to_string(i), 5, i));
  CHECK(engine.store().trouble().empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until it knows its files
  calls.append(text(1, {1}, "6", 5, 6));

  std::filesystem::remove(engine.database().string() + "-wal");
  REQUIRE(eventually([&] { return !engine.store().trouble().empty(); }));
  CHECK(calls.try_append(text(1, {1}, "7", 5, 7)).code() == ErrCode::kStorage);
  CHECK(calls.inbox(1).size() == 6);

  engine.reopen();
  auto again = engine.calls();
  CHECK(again.inbox(1) == std::vector<std::string>{"1", "2", "3", "4", "5", "6"});
  CHECK(again.append(text(1, {1}, "6", 5, 6)).duplicate);
}

TEST_CASE("a full disk is told of, and is found to have room though nobody sends") {
  FaultyVfs disk;
  SqliteEngine engine({}, on(disk, kNever));
  auto calls = engine.calls();
  calls.append(text(1, {1}, "1"));
  CHECK(engine.store().trouble().empty());

  disk.fill_up();
  CHECK(calls.try_append(text(1, {1}, "2")).code() == ErrCode::kStorage);
  CHECK_FALSE(engine.store().trouble().empty());
  const int failures = disk.failures();
  REQUIRE(eventually([&] { return disk.failures() > failures; }));  // it tries by itself
  CHECK_FALSE(engine.store().trouble().empty());
  disk.make_room();

  REQUIRE(eventually([&] { return engine.store().trouble().empty(); }));
  CHECK(calls.append(text(1, {1}, "2")).sender_seq == Seq(2));
  CHECK(engine.number("SELECT count(*) FROM meta WHERE key = 'probe'") == 0);
}

TEST_CASE("a batch is refused as a whole, and one bad job spoils nobody else's") {
  FaultyVfs disk;
  SqliteEngine engine({}, on(disk, kNever));
  Hold hold(engine.store());
  std::vector<Result<store::Appended>> results(9);
  std::atomic<int> completed = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    Done<store::Appended> done = [&, i](Result<store::Appended> result) {
      results[i] = std::move(result);
      ++completed;
    };
    const auto device = i == 4 ? -1 : 2;
    engine.store().append(text(1, {1, device}, std::to_string(i), 5, static_cast<int>(i / 2) + 1),
                          std::move(done));
  }
  const bool full = GENERATE(false, true);
  if (full) disk.fill_up();
  hold.go();
  REQUIRE(eventually([&] { return completed == 9; }));

  auto calls = engine.calls();
  if (full) {
    for (const auto& result : results)
      CHECK(result.code() == ErrCode::kStorage);
    disk.make_room();
    CHECK(calls.head(1) == 1);
    CHECK(calls.head(2) == 0);
    // The refused keys are forgotten, the numbers used again.
    auto sent = calls.append(text(1, {1, 2}, "again", 5, 1));
    CHECK_FALSE(sent.duplicate);
    CHECK(sent.id == MessageId(2));
    CHECK(sent.sender_seq == Seq(2));
    return;
  }
  CHECK(results[4].code() == ErrCode::kBadRequest);
  CHECK(calls.inbox(1) == std::vector<std::string>{"first", "0", "2", "5", "6", "8"});
  CHECK(calls.inbox(2) == std::vector<std::string>{"0", "2", "5", "6", "8"});
  for (std::size_t first : {0U, 2U, 6U}) {
    CHECK_FALSE(results[first]->duplicate);
    CHECK(results[first + 1]->duplicate);
    CHECK(results[first + 1]->id == results[first]->id);
  }
}

TEST_CASE("a block that the disk refused stops nobody") {
  FaultyVfs disk;
  SqliteEngine engine({}, on(disk, kNever));
  auto calls = engine.calls();
  const auto anna = calls.user("+1");
  const auto ben = calls.user("+2");
  const auto send = [&](Done<store::Appended> done) {
    engine.store().append_to_user(text(anna, {anna, ben}, "x").message, false, std::move(done));
  };
  REQUIRE(await<store::Appended>(send));  // known now
  Hold hold(engine.store());
  std::promise<Status> blocked;
  std::promise<Result<store::Appended>> sent;
  engine.store().set_blocked(UserId(ben), UserId(anna), true, Millis(8),
                             [&](Status status) { blocked.set_value(std::move(status)); });
  send([&](Result<store::Appended> result) { sent.set_value(std::move(result)); });
  disk.fill_up();
  hold.go();
  CHECK(blocked.get_future().get().code() == ErrCode::kStorage);
  CHECK(sent.get_future().get().code() == ErrCode::kStorage);
  disk.make_room();

  CHECK(await<store::Appended>(send));
  CHECK(calls.head(ben) == 2);
}

TEST_CASE("whom the disk did not take nobody may write to") {
  FaultyVfs disk;
  SqliteEngine engine({}, on(disk, kNever));
  auto calls = engine.calls();
  const auto anna = calls.user("+1");
  const auto send = [&](Done<store::Appended> done) {
    engine.store().append_to_user(text(anna, {anna, anna + 1}, "x").message, false,
                                  std::move(done));
  };
  Hold hold(engine.store());
  // In one batch with it: the message goes to a user who is never made.
  std::promise<Result<UserId>> made;
  std::promise<Result<store::Appended>> sent;
  store::User ben;
  ben.phone_number = "+2";
  engine.store().create_user(ben, [&](Result<UserId> user) { made.set_value(std::move(user)); });
  send([&](Result<store::Appended> result) { sent.set_value(std::move(result)); });
  disk.fill_up();
  hold.go();
  CHECK(made.get_future().get().code() == ErrCode::kStorage);
  CHECK(sent.get_future().get().code() == ErrCode::kStorage);
  disk.make_room();

  CHECK(await<store::Appended>(send).code() == ErrCode::kUserNotExist);
  CHECK(calls.head(anna + 1) == 0);
}

TEST_CASE("acknowledgements that a full disk refuses are written when there is room") {
  FaultyVfs disk;
  auto tuning = on(disk, kNever);
  tuning.ack_delay = std::chrono::milliseconds(1);
  SqliteEngine engine({}, tuning);
  auto calls = engine.calls();
  for (int i = 0; i < 3; ++i)
    calls.append(text(1, {1}, "x"));

  disk.fill_up();
  calls.acknowledge(1, 5, 2);
  REQUIRE(eventually([&] { return disk.failures() > 0; }));
  calls.acknowledge(1, 6, 1);
  CHECK(calls.acknowledged(1) == 2);
  disk.make_room();

  REQUIRE(eventually([&] { return engine.number("SELECT count(*) FROM device_ack") == 2; }));
  CHECK(calls.acknowledged(1) == 2);
}
