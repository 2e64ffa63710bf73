// What one user may have and one crowd may hold: friends, groups, memory for answers.
#include "limited.hpp"

#include <chrono>
#include <list>

using namespace linnet;
using namespace linnet::test;

namespace {

// A user's group, of which one message is a large answer in JSON.
struct LargeAnswer {
  explicit LargeAnswer(std::uint16_t http_port) : port(http_port), user(sign_in(port, "100")) {
    Caller caller(port);
    caller.use(user);
    pb::CreateGroupReq create;
    create.set_name("a group");
    create.set_type(pb::GT_SMALL);
    const auto group = caller.call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", create);
    auto message = text_to(UserId(group.group_id()), std::string(40'000, '\x01'));
    message.set_receiver_type(pb::RT_NORMAL_GROUP);
    caller.call<pb::SendMessageResp>("/pb.LogicExt/SendMessage", message);
    asked = "{\"groupId\":\"" + std::to_string(group.group_id()) + "\"}";
  }
  HttpAnswer ask() const {
    return http(port, "POST", kPath,
                {{"Content-Type", "application/json"}, {"Authorization", "Bearer " + user.token}},
                asked);
  }
  std::string request() const {
    return "POST " + std::string(kPath) +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           "Authorization: Bearer " +
           user.token + "\r\nContent-Length: " + std::to_string(asked.size()) + "\r\n\r\n" + asked;
  }

  static constexpr const char* kPath = "/pb.LogicExt/SyncGroup";
  std::uint16_t port;
  TestUser user;
  std::string asked;
};

}  // namespace

TEST_CASE("answers that nobody reads take no more memory than there is for them") {
  Limited f({"limits.enabled=true", "limits.http_bytes=4194304", "server.io_threads=1",
             "limits.read_per_second=1000000", "limits.read_burst=1000000"});
  const auto port = f.server.http_port();
  const LargeAnswer answer(port);
  const auto large = answer.ask().body.size();
  REQUIRE(large > 100'000);
  // The kernel takes some of what is sent to each of them.
  std::list<Socket> idle;
  for (std::size_t i = 0; i < 3 * 4'194'304 / large; ++i) {
    idle.emplace_back(port);
    idle.back().set_receive_buffer(4096);
    std::string many;
    for (int j = 0; j < 40; ++j)
      many += answer.request();
    idle.back().send(many);
  }
  CHECK(f.refuses_in_time("http_bytes", 1));
  // Small calls are served meanwhile, and large ones when they are gone.
  f.check_served("200");
  idle.clear();
  for (const auto until = std::chrono::steady_clock::now() + kPatience;;) {
    const auto status = answer.ask().status;
    if (status == 200) break;
    CHECK(status == 503);
    REQUIRE(std::chrono::steady_clock::now() < until);
  }
}

TEST_CASE("chunks whose extensions do not end take no more memory than there is for them") {
  // As little as there can be: two of the largest bodies.
  Limited f({"limits.http_bytes=1", "server.io_threads=1"});
  std::list<Socket> crowd;
  for (int i = 0; i < 40; ++i) {
    crowd.emplace_back(f.server.http_port());
    crowd.back().send(
        "POST /pb.UserExt/SignIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n1;" +
        std::string(90'000, 'x'));
  }
  CHECK(f.refuses_in_time("http_bytes", 20));
  f.check_served("200");
}

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
