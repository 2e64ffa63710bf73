// Groups through the real executable: order, rights, growth, what a member finds that was away, and
// a kill in between.
#include "pb/push.ext.pb.h"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

constexpr const char* kService = "/pb.LogicExt/";

class GroupFixture {
 public:
  GroupFixture() : server_(std::make_unique<ServerProcess>(dir_.path() / "data")) {
    for (const char* phone : {"100", "200", "300"})
      users.push_back(test::sign_in(http(), phone));
  }
  std::uint16_t http() const { return server_->http_port(); }
  void kill_and_start() {
    server_->kill();
    server_ = std::make_unique<ServerProcess>(dir_.path() / "data");
  }
  Caller as(std::size_t who) {
    Caller caller(http());
    caller.use(users[who]);
    return caller;
  }
  LongConnection live(Door door, std::size_t who) {
    auto connection = LongConnection::sign_in(door, server_->tcp_port(), http(), users[who]);
    connection.sync(0);
    return connection;
  }
  std::int64_t make(pb::GroupType type, const std::vector<std::size_t>& others) {
    pb::CreateGroupReq create;
    create.set_name("a group");
    create.set_type(type);
    auto id = as(0).call<pb::CreateGroupResp>(path("CreateGroup"), create).group_id();
    if (!others.empty()) add(id, others);
    return id;
  }
  void add(std::int64_t group, const std::vector<std::size_t>& others) {
    pb::AddGroupMembersReq request;
    request.set_group_id(group);
    for (auto who : others)
      request.add_user_ids(users[who].id.value());
    as(0).call<pb::AddGroupMembersResp>(path("AddGroupMembers"), request);
  }
  pb::SendMessageReq text(std::int64_t group, const std::string& words, std::int64_t id = 0) {
    auto request = text_to(UserId(group), words, id);
    request.set_receiver_type(pb::RT_NORMAL_GROUP);
    return request;
  }
  std::int64_t say(std::size_t who, std::int64_t group, const std::string& words,
                   std::int64_t id = 0) {
    return as(who).call<pb::SendMessageResp>(path("SendMessage"), text(group, words, id)).seq();
  }
  pb::SyncGroupResp sync(std::size_t who, std::int64_t group, std::int64_t after = 0) {
    pb::SyncGroupReq request;
    request.set_group_id(group);
    request.set_seq(after);
    return as(who).call<pb::SyncGroupResp>(path("SyncGroup"), request);
  }
  template <class Request, class Response>
  Response about(std::size_t who, const char* method, std::int64_t group) {
    Request request;
    request.set_group_id(group);
    return as(who).call<Response>(path(method), request);
  }
  static std::string path(const char* method) { return std::string(kService) + method; }

  std::vector<TestUser> users;

 private:
  TempDir dir_;
  std::unique_ptr<ServerProcess> server_;
};

int code_of(const pb::MessageItem& item) {
  pb::Command command;
  return item.message_type() == pb::MT_COMMAND && command.ParseFromString(item.message_content())
             ? command.code()
             : 0;
}

}  // namespace

TEST_CASE_METHOD(GroupFixture,
                 "a small group's messages and commands come in order on every door") {
  auto anna = live(Door::kTcp, 0);
  auto ben = live(Door::kWebSocket, 1);
  auto carol = live(Door::kWebSocketJson, 2);
  const auto group = make(pb::GT_SMALL, {1, 2});
  say(1, group, "hello");
  pb::DeleteGroupMemberReq remove;
  remove.set_group_id(group);
  remove.set_user_id(users[2].id.value());
  as(0).call<pb::DeleteGroupMemberResp>(path("DeleteGroupMember"), remove);
  say(0, group, "without her");

  CHECK(code_of(ben.next_message()) == pb::PC_ADD_GROUP_MEMBERS);
  CHECK(code_of(ben.next_message()) == pb::PC_REMOVE_GROUP_MEMBER);  // its own text was skipped
  auto last = ben.next_message();
  CHECK(text_of(last) == "without her");
  CHECK(last.seq() == 4);
  CHECK(last.receiver_type() == pb::RT_NORMAL_GROUP);
  CHECK(last.receiver_id() == group);

  CHECK(code_of(carol.next_message()) == pb::PC_ADD_GROUP_MEMBERS);
  CHECK(text_of(carol.next_message()) == "hello");
  CHECK(code_of(carol.next_message()) == pb::PC_REMOVE_GROUP_MEMBER);
  CHECK(carol.sync(0).size() == 3);
  CHECK(as(2).fails(path("SendMessage"), text(group, "no")).code == 1005);
  CHECK(code_of(anna.next_message()) == pb::PC_ADD_GROUP_MEMBERS);
  CHECK(text_of(anna.next_message()) == "hello");
}

TEST_CASE_METHOD(GroupFixture,
                 "a large group's members get it live when connected, and find it when away") {
  const auto group = make(pb::GT_LARGE, {1});
  auto ben = live(Door::kTcp, 1);  // a member before it connected
  auto carol = live(Door::kWebSocket, 2);
  add(group, {2});  // connected before it was a member
  CHECK(code_of(carol.next_message()) == pb::PC_ADD_GROUP_MEMBERS);
  CHECK(code_of(ben.next_message()) == pb::PC_ADD_GROUP_MEMBERS);
  const auto first = say(0, group, "one");

  for (auto* connection : {&ben, &carol}) {
    auto item = connection->next_message();
    CHECK(text_of(item) == "one");
    CHECK(item.seq() == first);
    CHECK(item.receiver_type() == pb::RT_LARGE_GROUP);
  }
  CHECK(carol.sync(0).size() == 1);  // only what concerned her: she was added

  ben.socket().close();
  const auto second = say(2, group, "two");
  CHECK(second == first + 1);
  auto missed = sync(1, group, first);
  REQUIRE(missed.messages_size() == 1);
  CHECK(text_of(missed.messages(0)) == "two");
  CHECK(missed.messages(0).seq() == second);
  auto mine = as(1).call<pb::GetUserGroupsResp>(path("GetUserGroups"), pb::GetUserGroupsReq());
  REQUIRE(mine.groups_size() == 1);
  CHECK(mine.groups(0).seq() == second);
  CHECK(mine.groups(0).unread() > 0);
  pb::AckGroupReq ack;
  ack.set_group_id(group);
  ack.set_seq(second);
  as(1).call<pb::AckGroupResp>(path("AckGroup"), ack);
  mine = as(1).call<pb::GetUserGroupsResp>(path("GetUserGroups"), pb::GetUserGroupsReq());
  CHECK(mine.groups(0).unread() == 0);

  about<pb::LeaveGroupReq, pb::LeaveGroupResp>(2, "LeaveGroup", group);
  say(0, group, "not for her");
  CHECK(code_of(carol.next_message()) == pb::PC_REMOVE_GROUP_MEMBER);
  CHECK(carol.sync(1).size() == 1);
}

TEST_CASE_METHOD(GroupFixture, "a group grows with its history, and nobody misses a message") {
  const auto group = make(pb::GT_SMALL, {1, 2});
  auto ben = live(Door::kTcp, 1);
  say(0, group, "small");
  about<pb::GrowGroupReq, pb::GrowGroupResp>(0, "GrowGroup", group);
  const auto seq = say(0, group, "large");

  CHECK(text_of(ben.next_message()) == "small");
  CHECK(code_of(ben.next_message()) == pb::PC_UPDATE_GROUP);
  auto live_item = ben.next_message();
  CHECK(text_of(live_item) == "large");
  CHECK(live_item.seq() == seq);
  auto history = sync(2, group);
  REQUIRE(history.messages_size() == static_cast<int>(seq));
  for (int i = 0; i < history.messages_size(); ++i)
    CHECK(history.messages(i).seq() == i + 1);
  CHECK(text_of(history.messages(history.messages_size() - 1)) == "large");
}

TEST_CASE_METHOD(GroupFixture, "what a group acknowledged survives a kill, once and in order") {
  const auto small = make(pb::GT_SMALL, {1, 2});
  const auto large = make(pb::GT_LARGE, {1, 2});
  std::int64_t id = 1;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 20; ++i, ++id) {
      say(static_cast<std::size_t>(i % 3), small, "s" + std::to_string(id), id);
      say(static_cast<std::size_t>(i % 3), large, "l" + std::to_string(id), 10'000 + id);
    }
    kill_and_start();
    // A retry of what was acknowledged just before.
    CHECK(say(static_cast<std::size_t>(19 % 3), large, "l", 10'000 + id - 1) ==
          sync(1, large).seq());
  }

  auto ben = live(Door::kTcp, 1);
  auto inbox = ben.sync(2);  // after the two commands that added him
  REQUIRE(inbox.size() == 60);
  auto history = sync(1, large, sync(0, large).seq() - 60);
  REQUIRE(history.messages_size() == 60);
  for (int i = 0; i < 60; ++i) {
    CHECK(text_of(inbox[static_cast<std::size_t>(i)]) == "s" + std::to_string(i + 1));
    CHECK(text_of(history.messages(i)) == "l" + std::to_string(i + 1));
  }
}
