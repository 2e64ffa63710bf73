// Acknowledgements, which wait for being written together, hold up nothing else.
#include "store_kit.hpp"

#include <functional>

using namespace linnet;
using namespace linnet::test;

namespace {

store::SqliteOptions merging_often() {
  store::SqliteOptions options;
  options.merge_after = 8;
  options.merge_slice = std::chrono::milliseconds(0);
  return options;
}

// Each acknowledgement is due at once.
store::Tuning acks_at_once() {
  store::Tuning tuning;
  tuning.ack_delay = std::chrono::milliseconds(0);
  return tuning;
}

// Every row of device_ack is refused while it stands, as if its page were damaged.
class RefusedAcks {
 public:
  explicit RefusedAcks(const SqliteEngine& engine)
      : beside_(Calls::get(
            store::Connection::open(engine.database(), store::Connection::Mode::kWrite))) {
    REQUIRE(
        beside_->exec("CREATE TRIGGER refused BEFORE INSERT ON device_ack"
                      " BEGIN SELECT RAISE(ABORT, 'damaged'); END"));
  }
  void end() { REQUIRE(beside_->exec("DROP TRIGGER refused")); }

 private:
  std::unique_ptr<store::Connection> beside_;
};

}  // namespace

TEST_CASE("acknowledgements and messages without a pause keep the merge from nothing") {
  SqliteEngine engine(merging_often(), acks_at_once());
  std::atomic<bool> stop = false;
  std::atomic<bool> ended = false;
  // The writer has the next message, and an acknowledgement that is due, before it looks for work.
  std::function<void()> send = [&] {
    engine.store().append(text(100, {1, 2}, "x"), [&](const Result<store::Appended>&) {
      engine.store().acknowledge(UserId(1), DeviceId(5), Seq(1));
      if (stop) {
        ended = true;
      } else {
        send();
      }
    });
  };
  send();

  int advances = 0;
  std::int64_t upto = 0;
  const bool kept_up = eventually([&] {
    const auto now = engine.number("SELECT value FROM meta WHERE key = 'merged_upto'");
    if (now > upto) ++advances;
    upto = std::max(upto, now);
    return advances == 10;
  });
  stop = true;
  REQUIRE(eventually([&] { return ended.load(); }));
  CHECK(kept_up);
  REQUIRE(eventually([&] { return engine.merged(); }));
  REQUIRE(eventually([&] { return engine.calls().acknowledged_by(1, 5) == 1; }));
}

TEST_CASE("acknowledgements that cannot be written hold up no merge") {
  SqliteEngine engine(merging_often(), acks_at_once());
  auto calls = engine.calls();
  calls.append(text(1, {1}, "1"));
  RefusedAcks refused(engine);
  calls.acknowledge(1, 5, 1);
  for (int i = 2; i <= 100; ++i)
    calls.append(text(1, {1}, std::to_string(i)));

  REQUIRE(eventually([&] { return engine.merged(); }));
  CHECK(engine.number("SELECT count(*) FROM device_ack") == 0);
  CHECK(calls.acknowledged(1) == 1);
  refused.end();
  REQUIRE(eventually([&] { return calls.acknowledged_by(1, 5) == 1; }));
}
