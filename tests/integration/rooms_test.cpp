// Live rooms through the real server: both doors and the JSON form, history, counts, rights, slow
// readers, input that is wrong.
#include "room_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

constexpr std::int64_t kRoom = 77;

struct RoomsFixture {
  explicit RoomsFixture(std::vector<std::string> settings = {})
      : server(dir.path() / "data", settings) {}
  RoomClient connect(const std::string& phone, Door door = Door::kTcp) {
    auto user = sign_in(server.http_port(), phone);
    return RoomClient(LongConnection::sign_in(door, server.tcp_port(), server.http_port(), user));
  }
  TempDir dir;
  ServerProcess server;
};

}  // namespace

TEST_CASE("members of a room on every door hear what is said in it, in order, each once") {
  RoomsFixture f;
  auto anna = f.connect("100", Door::kTcp);
  auto ben = f.connect("200", Door::kWebSocket);
  auto carl = f.connect("300", Door::kWebSocketJson);
  CHECK(anna.enter(kRoom).state().online() == 1);
  CHECK(ben.enter(kRoom).state().online() == 2);
  CHECK(carl.enter(kRoom).state().users() == 3);

  auto first = anna.say(kRoom, "one");
  anna.hear(1);
  auto second = carl.say(kRoom, "two");
  for (auto* client : {&anna, &ben, &carl}) {
    client->hear(2);
    CHECK(words_of(client->heard[0]) == "one");
    CHECK(client->heard[0].seq() == first);
    CHECK(words_of(client->heard[1]) == "two");
    CHECK(client->heard[1].seq() == second);
    CHECK(client->heard[1].sender_type() == pb::ST_USER);
  }
  CHECK(second == first + 1);

  CHECK(ben.leave(kRoom) == 0);
  CHECK(ben.leave(kRoom) == 2035);
  CHECK(ben.try_to_say(kRoom, "still here?").code() == 2035);
  anna.say(kRoom, "three");
  carl.hear(3);
  CHECK(ben.heard.size() == 2);
}

TEST_CASE("who comes later is told what was said before, as far as it likes") {
  RoomsFixture f({"--set", "rooms.history=3"});
  auto anna = f.connect("100");
  anna.enter(kRoom);
  std::int64_t newest = 0;
  for (const auto* words : {"one", "two", "three", "four"})
    newest = anna.say(kRoom, words);

  auto ben = f.connect("200", Door::kWebSocketJson);
  auto all = ben.enter(kRoom);
  REQUIRE(all.history_size() == 3);
  CHECK(words_of(all.history(0)) == "two");
  CHECK(all.state().seq() == newest);
  CHECK_FALSE(all.complete());
  CHECK(ben.enter(kRoom, 0, 1).history_size() == 1);
  CHECK(ben.enter(kRoom, 0, -1).history_size() == 0);
  auto rest = ben.enter(kRoom, newest - 1);
  CHECK(rest.history_size() == 1);
  CHECK(rest.complete());
  CHECK(rest.state().online() == 2);  // entering again is no second member
  anna.say(kRoom, "five");
  ben.hear(1);
  CHECK(ben.heard.size() == 1);
}

TEST_CASE("how many are in a room is pushed, also when a connection just ends") {
  RoomsFixture f({"--set", "rooms.state_ms=100"});
  auto anna = f.connect("100");
  anna.enter(kRoom);
  {
    auto ben = f.connect("200", Door::kWebSocket);
    ben.enter(kRoom);
    while (anna.online != 2)
      anna.next();
  }
  while (anna.online != 1)
    anna.next();
  CHECK(anna.enter(kRoom).state().online() == 1);
}

TEST_CASE("a connection is in several rooms, up to the limit") {
  RoomsFixture f({"--set", "rooms.per_connection=3"});
  auto anna = f.connect("100");
  for (std::int64_t room = 1; room <= 3; ++room)
    anna.enter(room);
  pb::RoomSubscribeInput request;
  request.set_room_id(4);
  CHECK(anna.ask(pb::PT_ROOM_SUBSCRIBE, request).code() == 2036);
  anna.enter(3);
  CHECK(anna.leave(1) == 0);
  anna.enter(4);
  CHECK(anna.try_to_say(1, "x").code() == 2035);
  anna.say(2, "two");
  anna.say(4, "four");
  anna.hear(2);
}

TEST_CASE("what is wrong is refused with its code, and the connection stays") {
  RoomsFixture f({"--set", "rooms.message_bytes=100", "--set", "limits.enabled=true", "--set",
                  "limits.room_burst=3", "--set", "limits.room_per_second=1"});
  auto anna = f.connect("100", GENERATE(Door::kTcp, Door::kWebSocketJson));
  anna.enter(kRoom);
  pb::RoomSubscribeInput subscribe;
  for (std::int64_t room : {std::int64_t{0}, std::int64_t{-5}}) {
    subscribe.set_room_id(room);
    CHECK(anna.ask(pb::PT_ROOM_SUBSCRIBE, subscribe).code() == 1007);
  }
  subscribe.set_room_id(1);
  subscribe.set_since_seq(-1);
  CHECK(anna.ask(pb::PT_ROOM_SUBSCRIBE, subscribe).code() == 1007);
  subscribe.set_since_seq(0);
  subscribe.set_history(-2);
  CHECK(anna.ask(pb::PT_ROOM_SUBSCRIBE, subscribe).code() == 1007);

  CHECK(anna.try_to_say(kRoom, std::string(200, 'x')).code() == 2004);
  CHECK(anna.try_to_say(kRoom, "listen!", pb::RP_SYSTEM).code() == 2012);
  CHECK(anna.try_to_say(kRoom, "bought", pb::RP_PAID).code() == 2012);
  pb::RoomPublishInput publish;
  publish.set_room_id(kRoom);
  CHECK(anna.ask(pb::PT_ROOM_PUBLISH, publish).code() == 1007);  // no message type
  pb::RoomMessages messages;
  CHECK(anna.ask(pb::PT_ROOM_MESSAGES, messages).code() == 1007);

  for (int i = 0; i < 3; ++i)
    anna.say(kRoom, "quick");
  CHECK(anna.try_to_say(kRoom, "too quick").code() == 2003);
  anna.hear(3);
}

TEST_CASE("bytes that are no request are refused, and the connection stays") {
  RoomsFixture f;
  auto anna = f.connect("100");
  for (auto type : {pb::PT_ROOM_SUBSCRIBE, pb::PT_ROOM_UNSUBSCRIBE, pb::PT_ROOM_PUBLISH}) {
    anna.connection.send(type, 9, "\xff\xff\xff");
    auto answer = anna.next();
    CHECK(answer.type() == type);
    CHECK(answer.code() == 1007);
  }
  anna.enter(kRoom);
}

TEST_CASE("a slow reader slows nobody, and is told what it missed") {
  using Case = std::pair<Door, std::string>;
  const auto [door, in_batches] = GENERATE(Case(Door::kTcp, "true"), Case(Door::kWebSocket, "true"),
                                           Case(Door::kWebSocket, "false"));
  RoomsFixture f({"--set", "rooms.log_messages=20", "--set", "limits.enabled=false", "--set",
                  "rooms.member_bytes=4096", "--io-threads", "1", "--set",
                  "server.io_uring=" + in_batches});
  auto anna = f.connect("100");
  auto slow = f.connect("200", door);
  anna.enter(kRoom);
  slow.enter(kRoom);
  // As many as it takes for the room's messages to leave in batches.
  std::vector<RoomClient> others;
  for (const auto* phone : {"300", "400", "500", "600"}) {
    others.push_back(f.connect(phone, door));
    others.back().enter(kRoom);
  }
  // Enough to fill what the kernel keeps for a socket, several times.
  constexpr std::size_t kMessages = 4000;
  const std::string words(8000, 'x');
  for (std::size_t i = 0; i < kMessages; ++i) {
    anna.say(kRoom, words);
    anna.hear(i + 1);
    for (auto& other : others)
      other.hear(i + 1);
  }
  CHECK(anna.dropped == 0);
  for (const auto& other : others)
    CHECK(other.dropped == 0);
  const auto newest = anna.heard.back().seq();
  while (slow.heard.empty() || slow.heard.back().seq() < newest)
    slow.next();
  CHECK(slow.dropped > 0);
  CHECK(slow.heard.size() + static_cast<std::size_t>(slow.dropped) == kMessages);
  for (std::size_t i = 1; i < slow.heard.size(); ++i)
    REQUIRE(slow.heard[i].seq() > slow.heard[i - 1].seq());
}

TEST_CASE("a client that never asked hears nothing of rooms") {
  RoomsFixture f({"--set", "rooms.state_ms=100"});
  auto anna = f.connect("100");
  auto old = f.connect("200");
  anna.enter(kRoom);
  anna.say(kRoom, "one");
  anna.hear(1);
  CHECK_FALSE(old.connection.socket().readable(std::chrono::milliseconds(300)));
}
