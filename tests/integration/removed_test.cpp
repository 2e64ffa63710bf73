// Who was removed, blocked or banned hears nothing that was said after that was answered, on any
// door, while others talk on without a pause.
#include "door_listener.hpp"
#include "room_client.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct Talk {
  TempDir dir;
  ServerProcess server{dir.path() / "data", with_all_doors({"--set", "rooms.create=anyone"})};
  TestUser owner = test::sign_in(server.http_port(), "100");
  TestUser speaker = test::sign_in(server.http_port(), "200");
  TestUser listener = test::sign_in(server.http_port(), "300");
  std::atomic<bool> after{false};
  std::atomic<bool> stop{false};

  Caller as(const TestUser& user) {
    Caller caller(server.http_port());
    caller.use(user);
    return caller;
  }
  std::int64_t make_group(pb::GroupType type) {
    pb::CreateGroupReq create;
    create.set_type(type);
    auto id = as(owner).call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", create).group_id();
    pb::AddGroupMembersReq add;
    add.set_group_id(id);
    add.add_user_ids(speaker.id.value());
    add.add_user_ids(listener.id.value());
    as(owner).call<pb::AddGroupMembersResp>("/pb.LogicExt/AddGroupMembers", add);
    return id;
  }
  // Talks until stopped: "late" is what was sent after `after` was set.
  template <class Say>
  std::thread talk(Say say) {
    return std::thread([this, say] {
      int late = 0;
      while (!stop || late < 5) {
        const bool is_late = after;
        late += is_late ? 1 : 0;
        say(is_late ? "late" : "early");
      }
    });
  }
  // Until some of it has been heard at each door.
  static void wait_until_heard(std::vector<std::unique_ptr<DoorListener>>& doors) {
    for (auto& door : doors)
      door->wait_for("early");
  }
  // What each door hears up to the owner's last word.
  void check_nothing_late(std::vector<std::unique_ptr<DoorListener>>& doors) {
    send_text(server.http_port(), owner, listener.id, "end");
    for (std::size_t i = 0; i < doors.size(); ++i) {
      CAPTURE(listening_doors()[i]);
      for (;;) {
        auto item = doors[i]->next();
        REQUIRE(item);
        const auto words = text_of(*item);
        if (words == "end") break;
        CHECK(words != "late");
      }
    }
  }
};

}  // namespace

TEST_CASE("a removed member hears nothing of the group any more, nor does anybody of a dead one") {
  for (auto type : {pb::GT_SMALL, pb::GT_LARGE}) {
    for (bool dissolve : {false, true}) {
      CAPTURE(type, dissolve);
      Talk t;
      make_friends(t.server.http_port(), t.owner, t.listener);
      const auto group = t.make_group(type);
      auto doors = listen_everywhere(t.server, "300");
      auto talking = t.talk([&](const std::string& words) {
        auto request = text_to(UserId(group), words);
        request.set_receiver_type(pb::RT_NORMAL_GROUP);
        t.as(t.speaker).post("/pb.LogicExt/SendMessage", request.SerializeAsString());
      });
      t.wait_until_heard(doors);
      if (dissolve) {
        pb::DeleteGroupReq request;
        request.set_group_id(group);
        t.as(t.owner).call<pb::DeleteGroupResp>("/pb.LogicExt/DeleteGroup", request);
      } else {
        pb::DeleteGroupMemberReq request;
        request.set_group_id(group);
        request.set_user_id(t.listener.id.value());
        t.as(t.owner).call<pb::DeleteGroupMemberResp>("/pb.LogicExt/DeleteGroupMember", request);
      }
      t.after = true;
      t.stop = true;
      talking.join();
      t.check_nothing_late(doors);
      pb::SyncGroupReq read;
      read.set_group_id(group);
      CHECK(t.as(t.listener).fails("/pb.LogicExt/SyncGroup", read).code != 0);
    }
  }
}

TEST_CASE("a blocked user's messages end with the answer to the block") {
  Talk t;
  make_friends(t.server.http_port(), t.owner, t.listener);
  make_friends(t.server.http_port(), t.speaker, t.listener);
  auto doors = listen_everywhere(t.server, "300");
  auto talking = t.talk([&](const std::string& words) {
    t.as(t.speaker).post("/pb.LogicExt/SendMessage",
                         text_to(t.listener.id, words).SerializeAsString());
  });
  t.wait_until_heard(doors);
  pb::BlockUserReq block;
  block.set_user_id(t.speaker.id.value());
  t.as(t.listener).call<pb::BlockUserResp>("/pb.LogicExt/BlockUser", block);
  t.after = true;
  t.stop = true;
  talking.join();
  t.check_nothing_late(doors);
}

TEST_CASE("a banned user is put out of the room before the ban is answered") {
  const auto door = GENERATE(Door::kTcp, Door::kWebSocket, Door::kWebSocketJson);
  Talk t;
  auto room = t.as(t.owner)
                  .call<pb::CreateRoomResp>("/pb.RoomExt/CreateRoom", pb::CreateRoomReq())
                  .room_id();
  RoomClient speaker(
      LongConnection::sign_in(Door::kTcp, t.server.tcp_port(), t.server.http_port(), t.speaker));
  speaker.enter(room);
  RoomClient banned(
      LongConnection::sign_in(door, t.server.tcp_port(), t.server.http_port(), t.listener));
  banned.enter(room);
  auto talking = t.talk([&](const std::string& words) { speaker.say(room, words); });
  banned.hear(5);
  pb::BanRoomUserReq ban;
  ban.set_room_id(room);
  ban.set_user_id(t.listener.id.value());
  ban.set_seconds(600);
  t.as(t.owner).call<pb::BanRoomUserResp>("/pb.RoomExt/BanRoomUser", ban);
  t.after = true;
  t.stop = true;
  talking.join();

  banned.connection.send(pb::PT_HEARTBEAT, 999999, {});
  for (;;) {
    auto packet = banned.connection.receive();
    REQUIRE(packet);
    if (packet->type() == pb::PT_HEARTBEAT) break;
    CHECK(packet->data().find("late") == std::string::npos);
  }
}
