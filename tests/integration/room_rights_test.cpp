// Who may do what in a live room: owners, moderators, mutes, bans, slow mode, the operator's
// servers; by calls, on every door, and beyond a restart.
#include "pb/logic.int.pb.h"
#include "pb/room.int.pb.h"
#include "room_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <memory>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct Person {
  TestUser user;
  std::unique_ptr<Caller> caller;
  std::unique_ptr<RoomClient> client;
};

struct RoomRightsFixture {
  explicit RoomRightsFixture(std::vector<std::string> more = {}) : settings(std::move(more)) {
    start();
  }

  void start() {
    server.reset();
    server = std::make_unique<ServerProcess>(dir.path() / "data", settings);
    if (key.empty()) {
      auto made =
          run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "rooms", "--scope",
                                      "broadcast", "--data-dir", dir.path() / "data"});
      REQUIRE(made.status == 0);
      key = made.out.substr(0, made.out.size() - 1);
    }
    backend = std::make_unique<Caller>(server->http_port());
    TestUser nobody;
    nobody.token = key;
    backend->use(nobody);
  }
  Person person(const std::string& phone, Door door = Door::kTcp) {
    Person person;
    person.user = sign_in(server->http_port(), phone);
    person.caller = std::make_unique<Caller>(server->http_port());
    person.caller->use(person.user);
    person.client = std::make_unique<RoomClient>(
        LongConnection::sign_in(door, server->tcp_port(), server->http_port(), person.user));
    return person;
  }
  // A room that `owner` owns.
  std::int64_t make(const Person& owner, std::int64_t id = 0) {
    pb::MakeRoomReq request;
    request.set_room_id(id);
    request.set_owner_id(owner.user.id.value());
    return backend->call<pb::MakeRoomResp>("/pb.RoomInt/MakeRoom", request).room_id();
  }
  int enter(Person& person, std::int64_t room) {
    pb::RoomSubscribeInput request;
    request.set_room_id(room);
    return person.client->ask(pb::PT_ROOM_SUBSCRIBE, request).code();
  }

  std::vector<std::string> settings;
  TempDir dir;
  std::unique_ptr<ServerProcess> server;
  std::string key;
  std::unique_ptr<Caller> backend;
};

template <class Request>
Request about(std::int64_t room, const Person& person, std::int64_t seconds) {
  Request request;
  request.set_room_id(room);
  request.set_user_id(person.user.id.value());
  request.set_seconds(seconds);
  return request;
}

pb::RoomPublishInput words(std::int64_t room, const std::string& text) {
  pb::RoomPublishInput request;
  request.set_room_id(room);
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(room_text(text));
  return request;
}

}  // namespace

TEST_CASE("the banned are put out of a room at once, on every connection, and stay out") {
  RoomRightsFixture f;
  auto owner = f.person("100");
  auto door = GENERATE(Door::kTcp, Door::kWebSocket, Door::kWebSocketJson);
  auto ben = f.person("200", door);
  auto room = f.make(owner);
  owner.client->enter(room);
  ben.client->enter(room);

  auto ban = about<pb::BanRoomUserReq>(room, ben, 3600);
  CHECK(ben.caller->fails("/pb.RoomExt/BanRoomUser", ban).code == 2012);
  owner.caller->call<pb::BanRoomUserResp>("/pb.RoomExt/BanRoomUser", ban);
  // From the answer on: what is said now does not reach him.
  owner.client->say(room, "he is gone");
  while (ben.client->put_out.empty())
    ben.client->next();
  CHECK(ben.client->put_out == std::vector{2037});
  CHECK(ben.client->heard.empty());
  CHECK(f.enter(ben, room) == 2037);
  CHECK(ben.client->try_to_say(room, "let me in").code() == 2035);
  CHECK(ben.caller->fails("/pb.RoomExt/PublishToRoom", words(room, "x")).code == 2037);
  pb::GetRoomHistoryReq history;
  history.set_room_id(room);
  CHECK(ben.caller->fails("/pb.RoomExt/GetRoomHistory", history).code == 2037);
  pb::GetRoomUsersReq users;
  users.set_room_id(room);
  CHECK(ben.caller->fails("/pb.RoomExt/GetRoomUsers", users).code == 2037);
  CHECK(
      owner.caller->call<pb::GetRoomUsersResp>("/pb.RoomExt/GetRoomUsers", users).user_ids_size() ==
      1);

  ban.set_seconds(0);
  owner.caller->call<pb::BanRoomUserResp>("/pb.RoomExt/BanRoomUser", ban);
  CHECK(f.enter(ben, room) == 0);
  owner.client->say(room, "he is back");
  ben.client->hear(1);
}

TEST_CASE("mutes silence one or all, and moderators only those below them") {
  RoomRightsFixture f;
  auto owner = f.person("100");
  auto moderator = f.person("200", Door::kWebSocket);
  auto ben = f.person("300");
  auto room = f.make(owner);
  for (auto* one : {&owner, &moderator, &ben})
    one->client->enter(room);
  pb::SetRoomRoleReq role;
  role.set_room_id(room);
  role.set_user_id(moderator.user.id.value());
  role.set_role(pb::RR_MODERATOR);
  CHECK(moderator.caller->fails("/pb.RoomExt/SetRoomRole", role).code == 2012);
  owner.caller->call<pb::SetRoomRoleResp>("/pb.RoomExt/SetRoomRole", role);
  role.set_role(pb::RR_OWNER);
  CHECK(owner.caller->fails("/pb.RoomExt/SetRoomRole", role).code == 1007);

  auto mute = about<pb::MuteRoomUserReq>(room, ben, 3600);
  moderator.caller->call<pb::MuteRoomUserResp>("/pb.RoomExt/MuteRoomUser", mute);
  CHECK(ben.client->try_to_say(room, "mmh").code() == 2011);
  owner.client->say(room, "quiet");
  ben.client->hear(1);  // the muted hear
  mute.set_seconds(0);
  moderator.caller->call<pb::MuteRoomUserResp>("/pb.RoomExt/MuteRoomUser", mute);
  ben.client->say(room, "thanks");
  for (const auto* above : {&owner, &moderator})
    CHECK(moderator.caller
              ->fails("/pb.RoomExt/MuteRoomUser", about<pb::MuteRoomUserReq>(room, *above, 60))
              .code == 2012);
  CHECK(
      moderator.caller->fails("/pb.RoomExt/BanRoomUser", about<pb::BanRoomUserReq>(room, owner, 60))
          .code == 2012);
  CHECK(owner.caller->fails("/pb.RoomExt/MuteRoomUser", about<pb::MuteRoomUserReq>(room, ben, -1))
            .code == 1007);

  pb::MuteRoomReq all;
  all.set_room_id(room);
  all.set_seconds(3600);
  CHECK(ben.caller->fails("/pb.RoomExt/MuteRoom", all).code == 2012);
  moderator.caller->call<pb::MuteRoomResp>("/pb.RoomExt/MuteRoom", all);
  CHECK(ben.client->try_to_say(room, "and now?").code() == 2011);
  CHECK(ben.caller->fails("/pb.RoomExt/PublishToRoom", words(room, "so?")).code == 2011);
  moderator.client->say(room, "we may");
  pb::GetRoomReq get;
  get.set_room_id(room);
  auto seen = ben.caller->call<pb::GetRoomResp>("/pb.RoomExt/GetRoom", get);
  CHECK(seen.room().muted_until() > 0);
  CHECK(seen.room().role() == pb::RR_NONE);
  CHECK(seen.state().online() == 3);
}

TEST_CASE("slow mode, and a room in which servers alone write") {
  RoomRightsFixture f;
  auto owner = f.person("100");
  auto ben = f.person("200", Door::kWebSocketJson);
  auto room = f.make(owner);
  owner.client->enter(room);
  ben.client->enter(room);
  pb::SetRoomReq set;
  set.set_room_id(room);
  set.set_slow_s(3600);
  CHECK(ben.caller->fails("/pb.RoomExt/SetRoom", set).code == 2012);
  owner.caller->call<pb::SetRoomResp>("/pb.RoomExt/SetRoom", set);
  ben.client->say(room, "once");
  CHECK(ben.client->try_to_say(room, "twice").code() == 2039);
  CHECK(ben.caller->fails("/pb.RoomExt/PublishToRoom", words(room, "by call")).code == 2039);
  owner.client->say(room, "I need not wait");
  owner.client->say(room, "at all");
  set.set_slow_s(4000);
  CHECK(owner.caller->fails("/pb.RoomExt/SetRoom", set).code == 1007);

  set.set_slow_s(0);
  set.set_publish(pb::RPB_SERVERS);
  owner.caller->call<pb::SetRoomResp>("/pb.RoomExt/SetRoom", set);
  CHECK(ben.client->try_to_say(room, "x").code() == 2012);
  CHECK(owner.client->try_to_say(room, "x").code() == 2012);
  auto paid = words(room, "a rose");
  paid.set_priority(pb::RP_PAID);
  paid.set_sender_type(pb::ST_SYSTEM);
  auto seq = f.backend->call<pb::RoomPublishOutput>("/pb.RoomInt/PublishToRoom", paid).seq();
  while (ben.client->heard.empty() || ben.client->heard.back().seq() < seq)
    ben.client->next();
  CHECK(ben.client->heard.back().priority() == pb::RP_PAID);
  CHECK(ben.client->heard.back().sender_type() == pb::ST_SYSTEM);
  paid.set_sender_type(pb::ST_USER);
  CHECK(f.backend->fails("/pb.RoomInt/PublishToRoom", paid).code == 1007);
}

TEST_CASE("rights in a room outlive a restart and its emptiness, and end with it") {
  RoomRightsFixture f;
  auto owner = f.person("100");
  auto ben = f.person("200");
  auto room = f.make(owner, 77);
  CHECK(room == 77);
  pb::MakeRoomReq again;
  again.set_room_id(77);
  CHECK(f.backend->fails("/pb.RoomInt/MakeRoom", again).code == 2040);
  owner.caller->call<pb::BanRoomUserResp>("/pb.RoomExt/BanRoomUser",
                                          about<pb::BanRoomUserReq>(room, ben, 3600));
  const auto owner_user = owner.user;
  CHECK(f.server->stop() == 0);
  f.start();

  auto back = f.person("200");
  CHECK(f.enter(back, room) == 2037);
  Caller caller(f.server->http_port());
  caller.use(owner_user);
  pb::GetRoomRightsReq rights;
  rights.set_room_id(room);
  auto all = caller.call<pb::GetRoomRightsResp>("/pb.RoomExt/GetRoomRights", rights);
  REQUIRE(all.rights_size() == 2);
  CHECK(all.rights(0).role() == pb::RR_OWNER);
  CHECK(all.rights(1).banned_until() > 0);
  rights.set_limit(1);
  CHECK(caller.call<pb::GetRoomRightsResp>("/pb.RoomExt/GetRoomRights", rights).has_more());
  rights.set_after_id(all.rights(0).user_id());
  CHECK(
      caller.call<pb::GetRoomRightsResp>("/pb.RoomExt/GetRoomRights", rights).rights(0).user_id() ==
      back.user.id.value());

  auto carl = f.person("300", Door::kWebSocket);
  carl.client->enter(room);
  pb::DeleteRoomReq remove;
  remove.set_room_id(room);
  CHECK(carl.caller->fails("/pb.RoomExt/DeleteRoom", remove).code == 2012);
  caller.call<pb::DeleteRoomResp>("/pb.RoomExt/DeleteRoom", remove);
  while (carl.client->put_out.empty())
    carl.client->next();
  CHECK(carl.client->put_out == std::vector{2038});
  CHECK(caller.fails("/pb.RoomExt/DeleteRoom", remove).code == 2038);
  // The id is free again, without the old rights.
  CHECK(f.enter(back, room) == 0);
}

TEST_CASE("rooms that must be made, and who makes them") {
  RoomRightsFixture f({"--set", "rooms.open=false"});
  auto anna = f.person("100");
  CHECK(f.enter(anna, 5) == 2038);
  CHECK(f.backend->fails("/pb.RoomInt/PublishToRoom", words(5, "x")).code == 2038);
  CHECK(f.backend->fails("/pb.RoomInt/BanRoomUser", about<pb::BanRoomUserReq>(5, anna, 60)).code ==
        2038);
  pb::CreateRoomReq create;
  CHECK(anna.caller->fails("/pb.RoomExt/CreateRoom", create).code == 2012);
  f.make(anna, 5);
  CHECK(f.enter(anna, 5) == 0);
  pb::MakeRoomReq beyond;
  beyond.set_room_id(std::int64_t{1} << 53);
  CHECK(f.backend->fails("/pb.RoomInt/MakeRoom", beyond).code == 1007);

  RoomRightsFixture open({"--set", "rooms.create=anyone"});
  auto ben = open.person("200");
  create.set_name("Ben's");
  auto room = ben.caller->call<pb::CreateRoomResp>("/pb.RoomExt/CreateRoom", create).room_id();
  pb::GetRoomReq get;
  get.set_room_id(room);
  auto mine = ben.caller->call<pb::GetRoomResp>("/pb.RoomExt/GetRoom", get).room();
  CHECK(mine.role() == pb::RR_OWNER);
  CHECK(mine.name() == "Ben's");
  // In a room that nobody has made, the server's word makes it.
  auto carl = open.person("300");
  CHECK(open.enter(carl, 9) == 0);
  CHECK(ben.caller->fails("/pb.RoomExt/BanRoomUser", about<pb::BanRoomUserReq>(9, carl, 60)).code ==
        2038);
  open.backend->call<pb::BanRoomUserResp>("/pb.RoomInt/BanRoomUser",
                                          about<pb::BanRoomUserReq>(9, carl, 60));
  while (carl.client->put_out.empty())
    carl.client->next();
  CHECK(open.enter(carl, 9) == 2037);
}

TEST_CASE("with history on disk a room remembers beyond a restart, and its end forgets") {
  RoomRightsFixture f({"--set", "rooms.history_on_disk=true", "--set", "rooms.history=3"});
  auto owner = f.person("100");
  auto room = f.make(owner);
  owner.client->enter(room);
  std::int64_t newest = 0;
  for (const auto* text : {"one", "two", "three", "four"})
    newest = owner.client->say(room, text);
  CHECK(f.server->stop() == 0);
  f.start();

  auto ben = f.person("200", Door::kWebSocketJson);
  auto entered = ben.client->enter(room);
  REQUIRE(entered.history_size() == 3);
  CHECK(words_of(entered.history(0)) == "two");
  CHECK(entered.history(2).seq() == newest);
  CHECK(ben.client->enter(room, newest - 1).history_size() == 1);
  CHECK(ben.client->say(room, "five") > newest);
  auto again = ben.client->enter(room);
  CHECK(words_of(again.history(2)) == "five");

  pb::DeleteRoomReq remove;
  remove.set_room_id(room);
  f.backend->call<pb::DeleteRoomResp>("/pb.RoomInt/DeleteRoom", remove);
  CHECK(f.person("300").client->enter(room).history_size() == 0);
  CHECK(f.server->stop() == 0);
  f.start();
  CHECK(f.person("200").client->enter(room).history_size() == 0);
}

TEST_CASE("a broadcast reaches everybody who is connected, at its rate, and is stored nowhere") {
  RoomRightsFixture f({"--set", "broadcast.per_second=100"});
  std::vector<Person> people;
  for (int i = 0; i < 30; ++i)
    people.push_back(
        f.person(std::to_string(100 + i), i % 2 == 0 ? Door::kTcp : Door::kWebSocketJson));
  // A WebSocket's upgrade is answered before its session can be reached; a sync is answered after.
  for (auto& person : people)
    CHECK(person.client->connection.sync(0).empty());
  pb::BroadcastReq request;
  request.set_message_type(pb::MT_TEXT);
  request.set_message_content(room_text("all of you"));
  request.set_sender_type(pb::ST_SYSTEM);
  auto begun = f.backend->call<pb::BroadcastResp>("/pb.LogicInt/Broadcast", request);
  CHECK(begun.devices() == 30);
  for (auto& person : people) {
    auto item = person.client->connection.next_message();
    CHECK(text_of(item) == "all of you");
    CHECK(item.sender_type() == pb::ST_SYSTEM);
    CHECK(item.seq() == 0);
  }
  for (auto& person : people)
    CHECK_FALSE(person.client->connection.socket().readable(std::chrono::milliseconds(5)));
  auto later = f.person("100");
  CHECK(later.client->connection.sync(0).empty());
  CHECK(people[0].caller->fails("/pb.LogicInt/Broadcast", request).code == 1003);
  request.set_sender_type(pb::ST_USER);
  CHECK(f.backend->fails("/pb.LogicInt/Broadcast", request).code == 1007);
  request.set_sender_type(pb::ST_SYSTEM);
  request.set_message_content(std::string(60001, 'x'));
  CHECK(f.backend->fails("/pb.LogicInt/Broadcast", request).code == 2004);
}
