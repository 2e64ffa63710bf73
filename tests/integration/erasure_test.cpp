// A user who is erased: nothing is left of it but what it said, and from the answer on it hears
// nothing, on any door.
#include "door_listener.hpp"
#include "pb/logic.int.pb.h"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct House {
  TempDir dir;
  ServerProcess server{dir.path() / "data", with_all_doors({"--set", "user.passwords=true"})};
  TestUser anna = sign_in(server.http_port(), "100");
  TestUser ben = sign_in(server.http_port(), "200");
  TestUser carl = sign_in(server.http_port(), "300");

  Caller as(const TestUser& user) const {
    Caller caller(server.http_port());
    caller.use(user);
    return caller;
  }
  TestUser backend() const {
    auto made = run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "users",
                                            "--data-dir", (dir.path() / "data").string()});
    REQUIRE(made.status == 0);
    TestUser key;
    key.token = made.out.substr(0, made.out.size() - 1);
    return key;
  }
  pb::EraseUserReq proof() const {
    pb::EraseUserReq request;
    request.set_code(kCode);
    return request;
  }
  void erase(const TestUser& user) const {
    as(user).call<pb::EraseUserResp>("/pb.UserExt/EraseUser", proof());
  }
  int error_of(const TestUser& user, const std::string& method,
               const google::protobuf::Message& request) const {
    Caller caller = as(user);
    return caller.fails(method, request).code;
  }
  std::int64_t make_group(const TestUser& owner, pb::GroupType type,
                          const std::vector<TestUser>& members) const {
    pb::CreateGroupReq create;
    create.set_type(type);
    auto id = as(owner).call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", create).group_id();
    if (members.empty()) return id;
    pb::AddGroupMembersReq add;
    add.set_group_id(id);
    for (const auto& member : members)
      add.add_user_ids(member.id.value());
    as(owner).call<pb::AddGroupMembersResp>("/pb.LogicExt/AddGroupMembers", add);
    return id;
  }
  std::vector<pb::GroupMember> members(const TestUser& reader, std::int64_t group) const {
    pb::GetGroupMembersReq request;
    request.set_group_id(group);
    auto found = as(reader).call<pb::GetGroupMembersResp>("/pb.LogicExt/GetGroupMembers", request);
    return {found.members().begin(), found.members().end()};
  }
};

pb::GetUserReq asks_for(const TestUser& user) {
  pb::GetUserReq request;
  request.set_user_id(user.id.value());
  return request;
}

constexpr int kBadCode = 1002;
constexpr int kUnauthorized = 1003;
constexpr int kGroupNotExist = 1010;
constexpr int kUserNotExist = 1011;
constexpr int kSignedOut = 2020;
constexpr int kBadPassword = 2024;

}  // namespace

TEST_CASE("an erased user does not exist, its token proves nothing, and what it said stays") {
  House h;
  make_friends(h.server.http_port(), h.anna, h.ben);
  auto second = sign_in(h.server.http_port(), "100");
  send_text(h.server.http_port(), h.anna, h.ben.id, "remember me");
  auto connection =
      LongConnection::sign_in(Door::kTcp, h.server.tcp_port(), h.server.http_port(), second);

  h.erase(h.anna);

  std::optional<pb::Output> last;
  while (auto packet = connection.receive())
    last = packet;
  REQUIRE(last);
  CHECK(last->code() == kSignedOut);
  for (const auto& device : {h.anna, second}) {
    CHECK(h.error_of(device, "/pb.LogicExt/GetFriends", pb::GetFriendsReq()) == kUnauthorized);
    CHECK_THROWS(LongConnection::sign_in(Door::kWebSocket, h.server.tcp_port(),
                                         h.server.http_port(), device));
  }
  CHECK(h.error_of(h.ben, "/pb.UserExt/GetUser", asks_for(h.anna)) == kUserNotExist);
  pb::SearchUserReq search;
  search.set_phone_number("100");
  CHECK(h.as(h.ben).call<pb::SearchUserResp>("/pb.UserExt/SearchUser", search).users_size() == 0);
  CHECK(h.as(h.ben)
            .call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq())
            .friends_size() == 0);
  // Also from memory: they were friends just now.
  CHECK(h.error_of(h.ben, "/pb.LogicExt/SendMessage", text_to(h.anna.id, "are you there?")) ==
        kUserNotExist);
  auto reader =
      LongConnection::sign_in(Door::kTcp, h.server.tcp_port(), h.server.http_port(), h.ben);
  CHECK(text_of(reader.sync(0).back()) == "remember me");

  // The number is free; who has it next is somebody else.
  auto next = sign_in(h.server.http_port(), "100");
  CHECK(next.id != h.anna.id);
  auto fresh = LongConnection::sign_in(Door::kTcp, h.server.tcp_port(), h.server.http_port(), next);
  CHECK(fresh.sync(0).empty());
}

TEST_CASE("whoever erases itself proves who it is: a token is not enough") {
  House h;
  pb::EraseUserReq request;
  CHECK(h.error_of(h.anna, "/pb.UserExt/EraseUser", request) == kBadPassword);
  request.set_code("000000");
  CHECK(h.error_of(h.anna, "/pb.UserExt/EraseUser", request) == kBadCode);
  pb::SetPasswordReq set;
  set.set_password("anna's own");
  h.as(h.anna).call<pb::SetPasswordResp>("/pb.UserExt/SetPassword", set);
  request.clear_code();
  request.set_password("ben's own");
  CHECK(h.error_of(h.anna, "/pb.UserExt/EraseUser", request) == kBadPassword);
  CHECK(h.as(h.ben).call<pb::GetUserResp>("/pb.UserExt/GetUser", asks_for(h.anna)).has_user());
  request.set_password("anna's own");
  h.as(h.anna).call<pb::EraseUserResp>("/pb.UserExt/EraseUser", request);
  CHECK(h.error_of(h.ben, "/pb.UserExt/GetUser", asks_for(h.anna)) == kUserNotExist);
}

TEST_CASE("the groups of an erased user go on: an owner's is the administrator's, or ends") {
  House h;
  const auto with_admin = h.make_group(h.anna, pb::GT_SMALL, {h.ben, h.carl});
  pb::SetGroupRoleReq role;
  role.set_group_id(with_admin);
  role.set_user_id(h.carl.id.value());
  role.set_role(pb::GR_ADMIN);
  h.as(h.anna).call<pb::SetGroupRoleResp>("/pb.LogicExt/SetGroupRole", role);
  const auto large = h.make_group(h.anna, pb::GT_LARGE, {h.ben});
  const auto alone = h.make_group(h.anna, pb::GT_SMALL, {});
  const auto of_ben = h.make_group(h.ben, pb::GT_SMALL, {h.anna});

  h.as(h.backend()).call<pb::RemoveUserResp>("/pb.LogicInt/RemoveUser", [&] {
    pb::RemoveUserReq request;
    request.set_user_id(h.anna.id.value());
    return request;
  }());

  const auto check = [&](std::int64_t group, const TestUser& owner, std::size_t count) {
    CAPTURE(group);
    const auto left = h.members(h.ben, group);
    CHECK(left.size() == count);
    for (const auto& member : left) {
      CHECK(member.user_id() != h.anna.id.value());
      CHECK((member.role() == pb::GR_OWNER) == (member.user_id() == owner.id.value()));
    }
  };
  check(with_admin, h.carl, 2);
  check(large, h.ben, 1);
  check(of_ben, h.ben, 1);
  pb::GetGroupReq gone;
  gone.set_group_id(alone);
  CHECK(h.error_of(h.ben, "/pb.LogicExt/GetGroup", gone) == kGroupNotExist);
}

TEST_CASE("an erased user hears nothing that was sent after the answer, on any door") {
  for (auto type : {pb::GT_SMALL, pb::GT_LARGE}) {
    CAPTURE(type);
    House h;
    make_friends(h.server.http_port(), h.ben, h.anna);
    const auto group = h.make_group(h.carl, type, {h.ben, h.anna});
    auto doors = listen_everywhere(h.server, "100");
    std::atomic<bool> after{false};
    std::thread talking([&] {
      for (int late = 0; late < 5;) {
        const bool is_late = after;
        const std::string words = is_late ? "late" : "early";
        auto to_group = text_to(UserId(group), words);
        to_group.set_receiver_type(pb::RT_NORMAL_GROUP);
        h.as(h.ben).post("/pb.LogicExt/SendMessage", to_group.SerializeAsString());
        h.as(h.ben).post("/pb.LogicExt/SendMessage", text_to(h.anna.id, words).SerializeAsString());
        late += is_late ? 1 : 0;
      }
    });
    for (auto& door : doors)
      door->wait_for("early");
    h.erase(h.anna);
    after = true;
    talking.join();
    for (std::size_t i = 0; i < doors.size(); ++i) {
      CAPTURE(listening_doors()[i]);
      while (auto item = doors[i]->next())
        CHECK(text_of(*item) != "late");
    }
  }
}
