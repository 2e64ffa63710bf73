// How long a request is remembered, and that it does not fill the disk.
#include "dedup.hpp"

#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr std::chrono::hours kDay{24};
constexpr auto kYears = 3650 * kDay;

// The keys alone, over a store that nobody else has open: no chore looks at the clock.
class Keys {
 public:
  Keys() {
    engine_.close();
    db_ = Calls::get(store::Connection::open(engine_.database(), store::Connection::Mode::kWrite));
    restart();
  }
  // As after a crash: what was not merged has to be restored.
  void restart() {
    dedup_ = std::make_unique<store::Dedup>(*db_);
    REQUIRE(dedup_->load().ok());
  }
  store::Dedup& dedup() { return *dedup_; }
  FalseClock& clock() { return engine_.clock(); }
  std::int64_t today() { return store::day_of(clock().wall()); }

  void remember(std::int64_t request) {
    dedup_->remember(key(request), {today(), MessageId(request), Seq(request)}, clock());
  }
  void merge() {
    for (const auto& [key, answer] : *dedup_->freeze())
      REQUIRE(dedup_->insert(key, answer).ok());
    dedup_->drop_frozen();
  }
  // Whether it is known yet, once all that a prune may take is gone.
  bool knows(std::int64_t request) {
    for (int i = 0; dedup_->prunable(clock()) && i < 10; ++i)
      REQUIRE(dedup_->prune(clock(), 100).ok());
    return Calls::get(dedup_->find(key(request))).has_value();
  }
  static store::RequestKey key(std::int64_t request) { return {DeviceId(5), RequestId(request)}; }

 private:
  SqliteEngine engine_;
  std::unique_ptr<store::Connection> db_;
  std::unique_ptr<store::Dedup> dedup_;
};

}  // namespace

TEST_CASE("a request is remembered for a day, from disk as from memory") {
  SqliteEngine engine;
  auto calls = engine.calls();
  calls.append(text(1, {1}, "once", 5, 6));
  REQUIRE(eventually([&] { return engine.merged(); }));

  engine.clock().turn(kDay);
  CHECK(calls.append(text(1, {1}, "once", 5, 6)).duplicate);
  engine.reopen();
  CHECK(engine.calls().append(text(1, {1}, "once", 5, 6)).duplicate);
  CHECK(engine.calls().inbox(1).size() == 1);
}

TEST_CASE("a clock that goes back a day still knows the request") {
  SqliteEngine engine;
  engine.calls().append(text(1, {1}, "once", 5, 6));
  REQUIRE(eventually([&] { return engine.merged(); }));

  engine.clock().turn(-kDay);

  CHECK(engine.calls().append(text(1, {1}, "once", 5, 6)).duplicate);
}

TEST_CASE("keys older than yesterday are removed, the others stay") {
  SqliteEngine engine;
  auto calls = engine.calls();
  for (int day = 0; day < 3; ++day) {
    for (int i = 1; i <= 600; ++i) {
      Done<store::Appended> done = [](Result<store::Appended>) {};
      engine.store().append(text(1, {1}, "x", 100 + day, i), std::move(done));
    }
    calls.append(text(1, {1}, "last", 100 + day, 1000));
    REQUIRE(eventually([&] { return engine.merged(); }));
    const auto kept = day == 0 ? 601 : 1202;
    REQUIRE(eventually([&] { return engine.number("SELECT count(*) FROM dedup_key") == kept; }));
    engine.clock().turn(kDay);
  }

  // Today is the fourth day: the first and the second are out of reach.
  REQUIRE(eventually([&] { return engine.number("SELECT count(*) FROM dedup_key") == 601; }));
  CHECK(engine.number("SELECT min(device_id) FROM dedup_key") == 102);
  CHECK(calls.append(text(1, {1}, "x", 102, 1)).duplicate);
  CHECK_FALSE(calls.append(text(1, {1}, "x", 100, 1)).duplicate);
  CHECK(calls.head(1) == 1804);
}

TEST_CASE("a clock that jumps by years either way still knows the request, for a day") {
  const auto years = GENERATE(10, -10) * 365 * kDay;
  SqliteEngine engine;
  auto calls = engine.calls();
  calls.append(text(1, {1}, "once", 5, 6));
  REQUIRE(eventually([&] { return engine.merged(); }));
  const auto old = "SELECT count(*) FROM dedup_key WHERE device_id = 5";

  engine.clock().jump(years);
  calls.append(text(1, {1}, "other", 7, 8));
  REQUIRE(eventually([&] { return engine.merged(); }));
  CHECK(calls.append(text(1, {1}, "once", 5, 6)).duplicate);
  engine.reopen();
  auto again = engine.calls();
  CHECK(again.append(text(1, {1}, "once", 5, 6)).duplicate);
  again.append(text(1, {1}, "another", 7, 9));
  REQUIRE(eventually([&] { return engine.merged(); }));
  CHECK(engine.number(old) == 1);

  engine.clock().turn(kDay + std::chrono::hours(1));
  again.append(text(1, {1}, "wakes it", 7, 10));
  REQUIRE(eventually([&] { return engine.number(old) == 0; }));
  CHECK(again.append(text(1, {1}, "another", 7, 9)).duplicate);
}

TEST_CASE("a clock that jumps for a moment, and is back before any chore looks, loses no request") {
  const auto jump = GENERATE(1, -1) * kYears;
  Keys keys;
  keys.remember(1);
  keys.merge();
  CHECK(keys.knows(1));

  keys.clock().jump(jump);
  keys.remember(2);
  keys.clock().jump(-jump);
  keys.merge();

  CHECK(keys.knows(2));
  keys.clock().turn(kDay - std::chrono::hours(1));
  CHECK(keys.knows(2));
  keys.clock().turn(std::chrono::hours(2));
  CHECK_FALSE(keys.knows(2));
}

TEST_CASE("a clock that is back when the server is restarted loses no request") {
  const auto jump = GENERATE(1, -1) * kYears;
  Keys keys;
  keys.remember(1);
  keys.merge();
  keys.restart();
  keys.dedup().restore(Keys::key(2), {keys.today() + jump / kDay, MessageId(2), Seq(2)});
  CHECK(keys.knows(1));

  keys.merge();

  CHECK(keys.knows(2));
}
