// How what is said is handed to the members: in passes, slices and at a pace, past whoever is slow.
#include "rooms_kit.hpp"

#include <algorithm>

using namespace linnet;
using namespace linnet::router;

namespace {

// Has something to say to whatever it hears, so often.
class Chatterer final : public RoomOutlet {
 public:
  Chatterer(Rooms& rooms, int words) : words_(words), rooms_(rooms) {}
  bool room_ready() const override { return true; }
  void send_run(const wire::FrameRunPtr&) override {
    if (said < words_) rooms_.publish(kRoom, item(std::to_string(++said)));
  }
  void room_dropped(RoomId, std::uint64_t) override {}
  void room_closed(RoomId, ErrCode) override {}
  int said = 0;

 private:
  int words_;
  Rooms& rooms_;
};

}  // namespace

TEST_CASE("a slow member misses what is over the log, is told how much, and slows nobody") {
  RoomOptions options;
  options.log_entries = 10;
  RoomsFixture f(options);
  Member fast;
  Member slow;
  slow.room_for = 2;
  auto a = f.join(kRoom, 1, 0, fast);
  auto b = f.join(kRoom, 2, 0, slow);
  for (int i = 0; i < 100; ++i) {
    f.rooms->publish(kRoom, item(std::to_string(i), i == 50 ? pb::RP_SYSTEM : pb::RP_CHATTER));
    f.run();
  }
  CHECK(fast.texts.size() == 100);
  CHECK(fast.dropped == 0);
  CHECK(slow.texts.size() == 2);

  slow.room_for = 1000;
  b.resume();
  CHECK(slow.texts.size() == 12);
  CHECK(slow.texts[2] == "50");  // the system's, though older than all that is left
  CHECK(slow.texts.back() == "99");
  CHECK(slow.dropped == 88);
  CHECK(f.rooms->dropped() == 88);
}

TEST_CASE("what all logs together have no room for is counted, not what one has none for") {
  Refusals refusals;
  RoomOptions options;
  options.refusals = &refusals;
  options.log_entries = 10;
  options.log_bytes_in_all = 10'000;
  RoomsFixture f(options);
  Member slow;
  slow.room_for = 0;
  auto seat = f.join(kRoom, 1, 0, slow);
  const auto say = [&](int count, std::size_t bytes) {
    for (int i = 0; i < count; ++i) {
      f.rooms->publish(kRoom, item(std::string(bytes, 'x')));
      f.run();
    }
  };
  say(20, 10);
  CHECK(refusals.of(Refusal::kRoomLog) == 0);
  say(1, 20'000);
  CHECK(refusals.of(Refusal::kRoomLog) == 10);
}

TEST_CASE("a burst larger than the log reaches whoever is fast, whole") {
  RoomOptions options;
  options.log_entries = 10;
  RoomsFixture f(options);
  Member fast;
  auto a = f.join(kRoom, 1, 0, fast);
  for (int i = 0; i < 1000; ++i)
    f.rooms->publish(kRoom, item(std::to_string(i)));
  f.run();
  CHECK(fast.texts.size() == 1000);
  CHECK(fast.dropped == 0);
}

TEST_CASE_METHOD(RoomsFixture, "while somebody talks a pass rests between its slices") {
  std::vector<Member> members(2000);
  std::vector<RoomSeat> seats;
  for (std::size_t i = 0; i < members.size(); ++i)
    seats.push_back(join(kRoom, static_cast<std::int64_t>(i), 0, members[i]));
  const auto served = [&] {
    return std::ranges::count_if(members, [](const Member& one) { return !one.texts.empty(); });
  };
  rooms->publish(kRoom, item(std::string(8000, 'x')));
  auto& context = shards[0]->context();
  // It lasts for as long as the test.
  shards[0]->talk().sent(std::chrono::steady_clock::now() + std::chrono::hours(1));
  context.restart();
  context.run_one();  // the mailbox of the shard, with the first slice
  const auto first = served();
  CHECK(first > 0);
  CHECK(first < 100);
  context.run_one();  // what asks for the rest
  CHECK(served() == first);
  while (served() < 2000)
    REQUIRE(context.run_one_for(std::chrono::seconds(60)) == 1);
  CHECK(members.back().texts.size() == 1);
}

TEST_CASE_METHOD(RoomsFixture,
                 "more members than a slice: all are served, also when some go meanwhile") {
  std::vector<Member> members(2000);
  std::vector<RoomSeat> seats;
  for (std::size_t i = 0; i < members.size(); ++i)
    seats.push_back(join(kRoom, static_cast<std::int64_t>(i), 0, members[i]));
  rooms->publish(kRoom, item("one"));
  auto& context = shards[0]->context();
  context.restart();
  context.run_one();  // the mailbox of the shard, with the first slice
  for (std::size_t i = 0; i < 400; ++i)
    seats[i].release();  // the last ones take their places
  run();
  for (std::size_t i = 400; i < members.size(); ++i)
    REQUIRE(members[i].texts == Texts{"one"});
}

TEST_CASE_METHOD(RoomsFixture, "a room that is never silent leaves the others their turns") {
  Chatterer loud(*rooms, 50);
  std::vector<RoomSeat> seats;
  Member many;  // all of the loud room's listeners
  seats.push_back(rooms->join(kRoom, UserId(1), *shards[0], loud, {Seq(), 0}, past, state));
  for (int i = 0; i < 2000; ++i)
    seats.push_back(join(kRoom, 2, 0, many));
  Member quiet;
  seats.push_back(join(RoomId(6), 3, 0, quiet));
  rooms->publish(kRoom, item("0"));
  rooms->publish(RoomId(6), item("hello"));
  auto& context = shards[0]->context();
  while (quiet.texts.empty() && loud.said < 50) {
    context.restart();
    context.poll_one();
  }
  CHECK(quiet.texts == Texts{"hello"});
  CHECK(loud.said <= 2);
  while (loud.said < 50 || many.texts.size() < 51 * 2000) {
    context.restart();
    if (context.poll_one() == 0) break;
  }
  CHECK(many.texts.size() == 51 * 2000);
}

TEST_CASE("paced messages are handed over together") {
  RoomOptions options;
  options.pace = milliseconds(10);
  RoomsFixture f(options);
  Member anna;
  auto a = f.join(kRoom, 1, 0, anna);
  f.rooms->publish(kRoom, item("one"));
  f.run();
  f.rooms->publish(kRoom, item("two"));
  f.run();
  const bool early = !anna.texts.empty();  // only if this machine slept for 10 ms
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (anna.texts.size() < 2 && std::chrono::steady_clock::now() < deadline)
    f.run();
  CHECK(anna.texts == Texts{"one", "two"});
  if (early) WARN("the machine was too slow to see the pace");
}
