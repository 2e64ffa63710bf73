// A clock on the wall that jumps while the server runs: order, connections and retries rest on no
// clock, tokens on this one.
#include "integration/room_client.hpp"
#include "machine_kit.hpp"

#include <memory>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kHour = 3600 * kSecond;
constexpr std::int64_t kTenYears = 3652 * 24 * kHour;
constexpr std::int64_t kEndOf32Bits = 2'147'483'648 * kSecond;  // 2038-01-19

struct Jump {
  const char* name;
  std::int64_t by = 0;
  bool to_2038 = false;
  bool stands = false;

  bool outlives_tokens() const { return to_2038 || by == kTenYears; }
};

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void turn(MappedMachine& machine, const Jump& jump) {
  if (jump.stands) machine->clock_stands_at_ms = now();
  // So that the moment at which a 32-bit time would overflow comes while the test runs.
  machine->clock_shift_ms = jump.to_2038 ? kEndOf32Bits - kSecond - now() : jump.by;
}

void turn_back(MappedMachine& machine) {
  machine->clock_shift_ms = 0;
  machine->clock_stands_at_ms = 0;
}

Jump a_jump() {
  return GENERATE(Jump{"-1 s", -kSecond}, Jump{"-1 h", -kHour}, Jump{"-10 years", -kTenYears},
                  Jump{"+1 h", kHour}, Jump{"+10 years", kTenYears}, Jump{"2038", 0, true},
                  Jump{"it stands", 0, false, true});
}

bool lets_in(const OnFalseMachine& on, const TestUser& user) {
  try {
    on.connect(user);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("when the clock jumps during sign-ins, tokens live as long as it says") {
  const auto jump = a_jump();
  CAPTURE(jump.name);
  OnFalseMachine on;
  const auto port = on.server.http_port();
  const auto before = sign_in(port, "100");
  const auto device = new_device(port);
  turn(on.machine, jump);

  const auto during = sign_in_on(port, "200", device);
  CHECK(lets_in(on, during));
  CHECK(lets_in(on, before) == !jump.outlives_tokens());
  turn_back(on.machine);
  // What was issued ten years ago has ended.
  CHECK(lets_in(on, during) == (jump.by != -kTenYears));
  CHECK(lets_in(on, before));
}

TEST_CASE("when the clock jumps under traffic, order and retries are as ever") {
  const auto jump = a_jump();
  CAPTURE(jump.name);
  // Keys go to the disk at once, where a day is part of their place; a room is forgotten when it
  // is empty.
  OnFalseMachine on({"store.merge_after=1", "rooms.history=0"});
  const auto port = on.server.http_port();
  const auto anna = sign_in(port, "100");
  const auto ben = sign_in(port, "200");
  auto sender = on.connect(anna);
  auto listener = on.connect(ben, Door::kWebSocket);
  listener.sync(0);
  RoomClient in_room(on.connect(sign_in(port, "300")));
  in_room.enter(7);
  const auto room_seq = in_room.say(7, "before");
  in_room.leave(7);
  std::int64_t seq = 0;
  const auto talk = [&] {
    for (int i = 0; i < 20; ++i) {
      ++seq;
      CHECK(say(sender, ben.id, std::to_string(seq), seq) == Seq(seq));
      const auto pushed = listener.next_message();
      CHECK(pushed.seq() == seq);
      CHECK(text_of(pushed) == std::to_string(seq));
    }
    for (std::int64_t old : {std::int64_t{1}, seq / 2, seq})
      CHECK(say(sender, ben.id, std::to_string(old), old) == Seq(old));
  };

  talk();
  turn(on.machine, jump);
  talk();
  in_room.enter(7);
  CHECK(in_room.say(7, "during") > room_seq);
  turn_back(on.machine);
  talk();
  beat(listener);
  auto reader = on.connect(ben);
  CHECK(reader.sync(0).size() == static_cast<std::size_t>(seq));
}

TEST_CASE("when the clock jumps, who beats stays and who is silent goes") {
  const auto jump = a_jump();
  CAPTURE(jump.name);
  OnFalseMachine on({"session.tcp_idle_s=3", "session.ws_idle_s=3"});
  const auto port = on.server.http_port();
  std::vector<TestUser> users;
  for (int i = 0; i < 12; ++i)
    users.push_back(sign_in(port, std::to_string(1000 + i)));
  std::vector<std::unique_ptr<LongConnection>> crowd;
  for (std::size_t i = 0; i < users.size(); ++i)
    crowd.push_back(std::make_unique<LongConnection>(
        on.connect(users[i], i % 2 == 0 ? Door::kTcp : Door::kWebSocket)));
  LongConnection silent = std::move(*crowd.back());
  crowd.pop_back();
  turn(on.machine, jump);

  bool gone = false;
  REQUIRE(eventually([&] {
    for (auto& one : crowd)
      beat(*one);
    while (!gone && silent.socket().readable(std::chrono::milliseconds(0)))
      gone = !silent.receive();
    return gone;
  }));
  turn_back(on.machine);
  for (auto& one : crowd)
    beat(*one);
}
