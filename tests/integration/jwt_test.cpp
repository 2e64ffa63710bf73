// Users of another system, who bring JSON Web Tokens, through the real executable.
#include "support/jwt.hpp"

#include "pb/logic.int.pb.h"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct JwtFixture {
  explicit JwtFixture(const std::vector<std::string>& more = {}) : settings(more) {}

  static std::string key_file(const TempDir& dir) {
    auto path = (dir.path() / "jwt-secret").string();
    std::ofstream(path) << kJwtSecret << "\n";
    return path;
  }

  // A user of the other system on a new device.
  TestUser person(std::int64_t user) const {
    const auto id = new_device(server.http_port()).value();
    return TestUser{UserId(user), DeviceId(id), token(user, id, seconds_now())};
  }
  static std::string token(std::int64_t user, std::int64_t device, std::int64_t issued) {
    return make_jwt({{"alg", "HS256"}}, {{"sub", user},
                                         {"device_id", device},
                                         {"aud", "linnet"},
                                         {"iat", issued},
                                         {"exp", seconds_now() + 600}});
  }
  Caller as(const TestUser& user) const {
    Caller caller(server.http_port());
    caller.use(user);
    return caller;
  }

  std::vector<std::string> arguments() const {
    std::vector<std::string> all{
        "--http-listen", "0.0.0.0:0",           "--set", "user.mode=jwt",
        "--set",         "jwt.algorithm=HS256", "--set", "jwt.key_file=" + key_file(dir),
        "--set",         "jwt.audience=linnet"};
    for (const auto& setting : settings)
      all.insert(all.end(), {"--set", setting});
    return all;
  }

  TempDir dir;
  std::vector<std::string> settings;
  std::string data = (dir.path() / "data").string();
  ServerProcess server{data, arguments()};
};

struct TwoDevices : JwtFixture {
  TwoDevices() : JwtFixture({"limits.enabled=true", "limits.devices_per_user=2"}) {}
};

}  // namespace

TEST_CASE_METHOD(JwtFixture, "users with tokens of another system become friends and write") {
  CHECK_THAT(server.log(), !Catch::Contains("DEVELOPMENT"));
  auto anna = person(7001);
  auto ben = person(7002);
  // Nobody is known before the first token.
  pb::AddFriendReq add;
  add.set_friend_id(7002);
  CHECK(as(anna).fails("/pb.LogicExt/AddFriend", add).code == 1011);
  auto on_ben =
      LongConnection::sign_in(Door::kWebSocket, server.tcp_port(), server.http_port(), ben);
  make_friends(server.http_port(), anna, ben);
  CHECK(send_text(server.http_port(), anna, ben.id, "hello") > Seq(0));
  auto items = on_ben.sync(0);
  REQUIRE_FALSE(items.empty());
  CHECK(text_of(items.back()) == "hello");
  CHECK(items.back().sender_id() == 7001);

  pb::UpdateUserReq profile;
  profile.set_nickname("Anna");
  as(anna).call<pb::UpdateUserResp>("/pb.UserExt/UpdateUser", profile);
  auto friends = as(ben).call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  REQUIRE(friends.friends_size() == 1);
  CHECK(friends.friends(0).nickname() == "Anna");
  CHECK(friends.friends(0).phone_number().empty());

  auto forged = anna;
  forged.token = make_jwt({{"alg", "none"}}, {{"sub", 7001}});
  CHECK(as(forged).fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);
  CHECK_THROWS(LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), forged));
  forged = anna;
  forged.id = ben.id;
  CHECK_THROWS(LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), forged));
}

TEST_CASE_METHOD(TwoDevices, "one device more takes the place of another, which is told so") {
  auto first = person(7001);
  auto connection =
      LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), first);
  // By the clock's milliseconds the first one is the older.
  const auto began = std::chrono::system_clock::now();
  while (std::chrono::system_clock::now() - began < std::chrono::milliseconds(2)) {
  }
  auto second = person(7001);
  auto seconds_own =
      LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), second);
  // A token that is older than its device's end lets nobody in again.
  first.token = token(7001, first.device.value(), seconds_now() - 100);
  as(first).call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());

  const auto third = person(7001);
  as(third).call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  CHECK(connection.receive()->code() == 2021);
  CHECK(as(first).fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);
  seconds_own.sync(0);
  const auto strangers = person(8001);
  as(strangers).call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  as(third).call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());
}

TEST_CASE_METHOD(JwtFixture, "a device that is kicked needs a newer token") {
  auto made = run_program(LINNET_BINARY, {"key", "create", "test", "--scope", "users", "--scope",
                                          "devices", "--data-dir", data});
  REQUIRE(made.status == 0);
  TestUser backend;
  backend.token = made.out.substr(0, made.out.size() - 1);
  auto anna = person(7001);
  anna.token = token(7001, anna.device.value(), seconds_now() - 100);
  auto connection =
      LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), anna);
  pb::KickDeviceReq kick;
  kick.set_device_id(anna.device.value());
  as(backend).call<pb::KickDeviceResp>("/pb.LogicInt/KickDevice", kick);
  CHECK(connection.receive()->code() == 2020);
  CHECK(as(anna).fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);
  const auto ended = anna;
  anna.token = token(7001, anna.device.value(), seconds_now() + 1);
  as(anna).call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  CHECK(as(ended).fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);

  pb::CreateUserReq create;
  create.set_user_id(9000);
  create.set_nickname("Carl");
  CHECK(as(backend).call<pb::CreateUserResp>("/pb.LogicInt/CreateUser", create).user_id() == 9000);
  CHECK(as(backend).fails("/pb.LogicInt/CreateUser", create).code == 1008);
  create.clear_user_id();
  CHECK(as(backend).fails("/pb.LogicInt/CreateUser", create).code == 1007);

  // Whom the operator has removed is refused, whatever token it brings.
  pb::RemoveUserReq remove;
  remove.set_user_id(7001);
  as(backend).call<pb::RemoveUserResp>("/pb.LogicInt/RemoveUser", remove);
  anna.token = token(7001, anna.device.value(), seconds_now() + 5);
  CHECK(as(anna).fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);
  CHECK(as(person(7001)).fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);
}
