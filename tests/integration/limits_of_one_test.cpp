// What one user may have: friends, groups.
#include "limited.hpp"

using namespace linnet;
using namespace linnet::test;

TEST_CASE("a user has so many friends and open requests, and is told what to end") {
  Limited f({"limits.enabled=true", "limits.friends_per_user=2"});
  const auto port = f.server.http_port();
  std::vector<TestUser> users;
  std::vector<Caller> callers;
  for (const char* phone : {"100", "200", "300", "400"}) {
    users.push_back(sign_in(port, phone));
    callers.emplace_back(port).use(users.back());
  }
  const auto ask = [&](std::size_t to) {
    pb::AddFriendReq request;
    request.set_friend_id(users[to].id.value());
    return request;
  };
  const auto agree = [&](std::size_t with) {
    pb::AgreeAddFriendReq request;
    request.set_user_id(users[with].id.value());
    return request;
  };
  callers[0].call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", ask(1));
  callers[1].call<pb::AgreeAddFriendResp>("/pb.LogicExt/AgreeAddFriend", agree(0));
  callers[0].call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", ask(2));
  CHECK(callers[0].fails("/pb.LogicExt/AddFriend", ask(3)).code == 2042);
  // Neither does agreeing make a third; asking the same again is no new one.
  callers[3].call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", ask(0));
  CHECK(callers[0].fails("/pb.LogicExt/AgreeAddFriend", agree(3)).code == 2042);
  callers[0].call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", ask(2));
  CHECK(f.refused("friends_per_user") == 2);

  pb::DeleteFriendReq taken_back;
  taken_back.set_user_id(users[2].id.value());
  callers[0].call<pb::DeleteFriendResp>("/pb.LogicExt/DeleteFriend", taken_back);
  callers[0].call<pb::AgreeAddFriendResp>("/pb.LogicExt/AgreeAddFriend", agree(3));
  CHECK(callers[0]
            .call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq())
            .friends_size() == 2);
}

TEST_CASE("a user is in so many groups, whoever wants it there") {
  Limited f({"limits.enabled=true", "limits.groups_per_user=2"});
  const auto port = f.server.http_port();
  const auto anna = sign_in(port, "100");
  const auto bert = sign_in(port, "200");
  Caller owner(port);
  owner.use(bert);
  Caller caller(port);
  caller.use(anna);
  const auto make = [](Caller& by) {
    pb::CreateGroupReq request;
    request.set_name("a group");
    return by.call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", request).group_id();
  };
  const auto mine = make(caller);
  make(caller);
  pb::CreateGroupReq third;
  third.set_name("a third");
  CHECK(caller.fails("/pb.LogicExt/CreateGroup", third).code == 2041);

  const auto other = make(owner);
  pb::SetGroupSettingsReq open;
  open.set_group_id(other);
  open.set_join_mode(pb::JM_OPEN);
  owner.call<pb::SetGroupSettingsResp>("/pb.LogicExt/SetGroupSettings", open);
  pb::JoinGroupReq join;
  join.set_group_id(other);
  CHECK(caller.fails("/pb.LogicExt/JoinGroup", join).code == 2041);
  CHECK(f.refused("groups_per_user") == 2);
  // Who adds several is told whom it did not add.
  pb::AddGroupMembersReq add;
  add.set_group_id(other);
  add.add_user_ids(anna.id.value());
  const auto left_out =
      owner.call<pb::AddGroupMembersResp>("/pb.LogicExt/AddGroupMembers", add).user_ids();
  CHECK(std::vector<std::int64_t>(left_out.begin(), left_out.end()) ==
        std::vector{anna.id.value()});

  pb::DeleteGroupReq gone;
  gone.set_group_id(mine);
  caller.call<pb::DeleteGroupResp>("/pb.LogicExt/DeleteGroup", gone);
  CHECK(caller.call<pb::JoinGroupResp>("/pb.LogicExt/JoinGroup", join).joined());
}
