// How long a request is remembered, and that it does not fill the disk.
#include "migrate.hpp"
#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr std::chrono::hours kHour{1};
constexpr std::chrono::hours kDay{24};

std::int64_t keys_of(const SqliteEngine& engine, std::int64_t device) {
  return engine.number("SELECT count(*) FROM dedup_key WHERE device_id = " +
                       std::to_string(device));
}

std::int64_t day_of(const SqliteEngine& engine) {
  return engine.number("SELECT max(value) FROM meta WHERE key = 'dedup_day'");
}

std::int64_t lasted_hours(const SqliteEngine& engine) {
  return engine.number("SELECT value FROM meta WHERE key = 'dedup_day_ms'") / 3'600'000;
}

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
    const auto before = day_of(engine);
    engine.clock().turn(kDay);
    REQUIRE(eventually([&] { return day_of(engine) > before; }));
  }

  // Today is the fourth day: the first and the second are out of reach.
  REQUIRE(eventually([&] { return engine.number("SELECT count(*) FROM dedup_key") == 601; }));
  CHECK(keys_of(engine, 102) == 601);
  CHECK(calls.append(text(1, {1}, "x", 102, 1)).duplicate);
  CHECK_FALSE(calls.append(text(1, {1}, "x", 100, 1)).duplicate);
  CHECK(calls.head(1) == 1804);
}

TEST_CASE("however the clock on the wall jumps, a request is known for a day") {
  const auto jump =
      GENERATE(as<std::chrono::hours>{}, 3650 * 24, 72, 24, 1, -1, -24, -48, -72, -3650 * 24) * 1;
  const bool back = GENERATE(true, false);
  const bool merged_before = GENERATE(true, false);
  CAPTURE(jump.count(), back, merged_before);
  store::Tuning tuning;
  // Else all is merged by the time that the server is restarted.
  if (!merged_before) tuning.idle_before_merge = std::chrono::hours(1);
  SqliteEngine engine({}, tuning);
  const auto retry_all = [&] {
    for (std::int64_t request : {1, 2, 3})
      CHECK(engine.calls().append(text(1, {1}, "again", 5, request)).duplicate);
  };

  engine.calls().append(text(1, {1}, "before", 5, 1));
  if (merged_before) REQUIRE(eventually([&] { return engine.merged(); }));
  engine.clock().jump(jump);
  engine.calls().append(text(1, {1}, "meanwhile", 5, 2));
  if (back) engine.clock().jump(-jump);
  engine.calls().append(text(1, {1}, "after", 5, 3));
  retry_all();
  engine.reopen();
  retry_all();
  engine.clock().turn(kDay - kHour);
  engine.reopen();
  retry_all();
}

TEST_CASE("a day of a server that is often restarted ends when it has run for one") {
  SqliteEngine engine;
  engine.calls().append(text(1, {1}, "once", 5, 6));
  REQUIRE(eventually([&] { return engine.merged(); }));
  // It is down for as long as it is up.
  for (int hours = 0; hours < 40; hours += 8) {
    CHECK(keys_of(engine, 5) == 1);
    engine.clock().turn(4 * kHour);
    REQUIRE(eventually([&] { return lasted_hours(engine) == (hours / 2 + 4) % 24; }));
    engine.close();
    engine.clock().turn(4 * kHour);
    engine.open();
  }
  CHECK(engine.calls().append(text(1, {1}, "once", 5, 6)).duplicate);

  engine.clock().turn(4 * kHour);
  REQUIRE(eventually([&] { return day_of(engine) == 2; }));
  engine.clock().turn(kDay);
  REQUIRE(eventually([&] { return keys_of(engine, 5) == 0; }));
}

TEST_CASE("minutes count, too: a server notes in the end how long the day has lasted") {
  SqliteEngine engine;
  engine.calls().append(text(1, {1}, "once", 5, 6));
  for (int i = 0; i < 24 * 12; ++i) {
    engine.clock().turn(std::chrono::minutes(5));
    engine.reopen();
  }
  REQUIRE(eventually([&] { return day_of(engine) == 2; }));
}

TEST_CASE("a damaged note of the day loses no key") {
  SqliteEngine engine;
  engine.calls().append(text(1, {1}, "once", 5, 6));
  REQUIRE(eventually([&] { return engine.merged(); }));
  engine.close();
  const std::string value = GENERATE("9223372036854775807", "-1", "'no number'", "1e300");
  {
    auto db =
        Calls::get(store::Connection::open(engine.database(), store::Connection::Mode::kWrite));
    REQUIRE(
        db->exec(("INSERT OR REPLACE INTO meta (key, value) VALUES ('dedup_day_ms', " + value + ")")
                     .c_str())
            .ok());
  }
  engine.open();
  engine.calls().append(text(1, {1}, "another", 5, 7));
  CHECK(engine.calls().append(text(1, {1}, "once", 5, 6)).duplicate);
}

TEST_CASE("one client's high request ids make nobody else's be looked up on the disk") {
  const TempDir dir;
  const FalseClock clock;
  auto db = Calls::get(
      store::Connection::open(dir.path() / "linnet.db", store::Connection::Mode::kWrite));
  REQUIRE(store::migrate(*db));
  store::Dedup before(*db);
  REQUIRE(before.load(clock));
  const auto note = [&](std::int64_t device, std::int64_t request) {
    REQUIRE(before.insert({DeviceId(device), RequestId(request)}, {1, MessageId(1), Seq(1)}));
  };
  store::Transaction transaction(*db, store::Transaction::Kind::kWrite);
  for (int i = 0; i < 100; ++i)
    note(5, INT64_MAX - i);
  for (int i = 1; i <= 2000; ++i)
    note(6, i);
  note(7, 3);
  REQUIRE(transaction.commit());
  store::Dedup after(*db);
  REQUIRE(after.load(clock));
  auto& dedup = GENERATE(false, true) ? after : before;

  const auto known = [&](std::int64_t device, std::int64_t request) {
    return Calls::get(dedup.find({DeviceId(device), RequestId(request)})).has_value();
  };
  CHECK(known(5, INT64_MAX));
  CHECK(known(6, 1));
  CHECK(known(7, 3));
  // From here on whoever looks there fails.
  REQUIRE(db->exec("DROP TABLE dedup_key"));
  CHECK_FALSE(dedup.find({DeviceId(5), RequestId(1)}));
  int looked = 0;
  for (std::int64_t device = 100; device < 200; ++device)
    looked += dedup.find({DeviceId(device), RequestId(3000)}) ? 0 : 1;
  CHECK(looked < 5);
}
