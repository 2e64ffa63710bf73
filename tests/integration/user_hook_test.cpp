// Users whom another server knows, through the real executable.
#include "pb/logic.int.pb.h"
#include "support/hook_server.hpp"
#include "support/raw_client.hpp"
#include "support/run.hpp"
#include "support/secret_file.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;
using Json = nlohmann::json;

namespace {

// Knows users from 7000 to 7009, and a million more; a token is the user's id. As servers do, it
// answers for a thousand at once.
std::optional<HookAnswer> user_system(const HookRequest& request) {
  const auto asked = Json::parse(request.body);
  if (request.line.find("/pb.UserInt/Auth ") != std::string::npos)
    return HookAnswer{asked["userId"] == asked["token"] ? 200 : 401, "{}", {}};
  if (asked["userIds"].size() > 1000) return HookAnswer{400, "{}", {}};
  Json users = Json::object();
  for (const std::string id : asked["userIds"])
    if ((id.size() == 4 && id.starts_with("700")) || (id.size() == 8 && id.starts_with("70")))
      users[id] = {{"userId", id}, {"nickname", "user " + id}};
  return HookAnswer{200, Json{{"users", users}}.dump(), {}};
}

}  // namespace

TEST_CASE("users of another server become friends, form groups and write; strangers do not exist") {
  TempDir dir;
  HookServer hook(user_system);
  ServerProcess server(dir.path() / "data",
                       {"--set", "user.mode=hook", "--set", "user.hook=" + hook.url("/x"), "--set",
                        "hook.secret_file=" + write_secret(dir)});
  auto person = [&](std::int64_t id) {
    return TestUser{UserId(id), new_device(server.http_port()), std::to_string(id)};
  };
  auto anna = person(7001);
  auto ben = person(7002);
  Caller as_anna(server.http_port());
  as_anna.use(anna);
  // Whom nobody has seen yet is found all the same.
  pb::AddFriendReq add;
  add.set_friend_id(9999);
  CHECK(as_anna.fails("/pb.LogicExt/AddFriend", add).code == 1011);
  make_friends(server.http_port(), anna, ben);
  auto friends = as_anna.call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  REQUIRE(friends.friends_size() == 1);
  CHECK(friends.friends(0).nickname() == "user 7002");
  auto on_ben = LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), ben);
  send_text(server.http_port(), anna, ben.id, "hello");
  CHECK(text_of(on_ben.sync(0).back()) == "hello");

  pb::CreateGroupReq create;
  create.set_type(pb::GT_SMALL);
  pb::AddGroupMembersReq members;
  members.set_group_id(
      as_anna.call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", create).group_id());
  members.add_user_ids(7003);
  as_anna.call<pb::AddGroupMembersResp>("/pb.LogicExt/AddGroupMembers", members);
  members.set_user_ids(0, 9999);
  CHECK(as_anna.fails("/pb.LogicExt/AddGroupMembers", members).code == 1011);
  pb::GetGroupMembersReq list;
  list.set_group_id(members.group_id());
  auto listed = as_anna.call<pb::GetGroupMembersResp>("/pb.LogicExt/GetGroupMembers", list);
  REQUIRE(listed.members_size() == 2);
  CHECK(listed.members(1).nickname() == "user 7003");

  auto thief = anna;
  thief.id = ben.id;
  CHECK_THROWS(LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), thief));
}

TEST_CASE("a large group may be made of more users than the other server is asked for at once") {
  TempDir dir;
  HookServer hook(user_system);
  const auto data = dir.path() / "data";
  ServerProcess server(data, {"--set", "user.mode=hook", "--set", "user.hook=" + hook.url("/x"),
                              "--set", "hook.secret_file=" + write_secret(dir)});
  auto key = run_program(
      LINNET_BINARY, {"key", "create", "test", "--scope", "groups", "--data-dir", data.string()});
  REQUIRE(key.status == 0);
  TestUser backend;
  backend.token = key.out.substr(0, key.out.size() - 1);
  pb::MakeGroupReq make;
  make.set_type(pb::GT_LARGE);
  make.set_owner_id(7001);
  for (std::int64_t id = 70'000'000; id < 70'001'000; ++id)
    make.add_member_ids(id);
  Caller as_backend(server.http_port());
  as_backend.use(backend);
  CHECK(as_backend.call<pb::MakeGroupResp>("/pb.LogicInt/MakeGroup", make).group_id() > 0);
}
