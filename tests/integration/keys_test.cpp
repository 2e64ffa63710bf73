// The operator's own servers: keys made beside a running server, what they may do, and their end.
#include "pb/device.pb.h"
#include "pb/logic.int.pb.h"
#include "pb/user.int.pb.h"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct KeysFixture {
  TempDir dir;
  std::string data = (dir.path() / "data").string();
  ServerProcess server{data};

  Outcome key(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "key");
    arguments.insert(arguments.end(), {"--data-dir", data});
    return run_program(LINNET_BINARY, arguments);
  }
  std::string create(const std::vector<std::string>& scopes) {
    std::vector<std::string> arguments{"create", "test"};
    for (const auto& scope : scopes)
      arguments.insert(arguments.end(), {"--scope", scope});
    auto made = key(arguments);
    CAPTURE(made.err);
    REQUIRE(made.status == 0);
    made.out.pop_back();  // the end of the line
    CHECK(made.out.starts_with("lk_"));
    return made.out;
  }
  Caller with(const std::string& token) {
    Caller caller(server.http_port());
    TestUser nobody;
    nobody.token = token;
    caller.use(nobody);
    return caller;
  }
};

pb::SendMessageReq notice(UserId user, std::int64_t request_id = 0) {
  auto request = text_to(user, "from the server", request_id);
  request.set_sender_type(pb::ST_SYSTEM);
  return request;
}

}  // namespace

TEST_CASE_METHOD(KeysFixture,
                 "a server with a key makes users and groups, writes to them and kicks") {
  auto backend = with(create({"messages", "users", "groups", "devices"}));
  auto anna = sign_in(server.http_port(), "100");
  pb::CreateUserReq create_user;
  create_user.set_phone_number("200");
  create_user.set_nickname("Ben");
  auto ben = backend.call<pb::CreateUserResp>("/pb.LogicInt/CreateUser", create_user).user_id();
  CHECK(backend.fails("/pb.LogicInt/CreateUser", create_user).code == 1008);
  auto ben_here = sign_in(server.http_port(), "200");
  CHECK(ben_here.id.value() == ben);

  auto connection =
      LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), ben_here);
  connection.sync(0);
  backend.call<pb::SendMessageResp>("/pb.LogicInt/SendMessage", notice(ben_here.id, 5));
  backend.call<pb::SendMessageResp>("/pb.LogicInt/SendMessage", notice(ben_here.id, 5));  // retried
  auto item = connection.next_message();
  CHECK(item.sender_type() == pb::ST_SYSTEM);
  CHECK(item.sender_device_id() == 0);
  CHECK(text_of(item) == "from the server");

  pb::MakeGroupReq make;
  make.set_name("made");
  make.set_type(pb::GT_LARGE);
  make.set_owner_id(anna.id.value());
  make.add_member_ids(ben);
  auto group = backend.call<pb::MakeGroupResp>("/pb.LogicInt/MakeGroup", make).group_id();
  auto to_group = notice(UserId(group));
  to_group.set_receiver_type(pb::RT_LARGE_GROUP);
  to_group.set_sender_type(pb::ST_UNKNOWN);
  CHECK(backend.call<pb::SendMessageResp>("/pb.LogicInt/SendMessage", to_group).seq() == 1);
  item = connection.next_message();
  CHECK(item.receiver_type() == pb::RT_LARGE_GROUP);
  CHECK(item.sender_type() == pb::ST_BUSINESS);

  pb::GetOnlineReq online;
  online.add_user_ids(anna.id.value());
  online.add_user_ids(ben);
  auto there = backend.call<pb::GetOnlineResp>("/pb.LogicInt/GetOnline", online);
  REQUIRE(there.user_ids_size() == 1);
  CHECK(there.user_ids(0) == ben);
  pb::GetDeviceReq get;
  get.set_device_id(ben_here.device.value());
  CHECK(backend.call<pb::GetDeviceResp>("/pb.LogicInt/GetDevice", get).device().status() == 1);

  pb::AuthReq auth;
  auth.set_user_id(ben);
  auth.set_device_id(ben_here.device.value());
  auth.set_token(ben_here.token);
  backend.call<pb::AuthResp>("/pb.UserInt/Auth", auth);
  pb::GetUsersReq users;
  users.add_user_ids(ben);
  users.add_user_ids(999);
  CHECK(backend.call<pb::GetUsersResp>("/pb.UserInt/GetUsers", users).users().at(ben).nickname() ==
        "Ben");

  pb::KickDeviceReq kick;
  kick.set_device_id(ben_here.device.value());
  backend.call<pb::KickDeviceResp>("/pb.LogicInt/KickDevice", kick);
  CHECK(connection.receive()->code() == 2020);
  CHECK(backend.fails("/pb.UserInt/Auth", auth).code == 1003);
  CHECK(backend.fails("/pb.LogicInt/KickDevice", kick).code == 1006);
}

TEST_CASE_METHOD(KeysFixture,
                 "a key is good for its scopes, for servers' calls, and until it is revoked") {
  auto token = create({"messages"});
  auto backend = with(token);
  auto anna = sign_in(server.http_port(), "100");
  backend.call<pb::SendMessageResp>("/pb.LogicInt/SendMessage", notice(anna.id));
  CHECK(backend.fails("/pb.LogicInt/GetOnline", pb::GetOnlineReq()).code == 2012);
  CHECK(backend.fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);
  CHECK(backend.fails("/pb.LogicInt/SendMessage", notice(UserId(999))).code == 1011);
  auto as_user = notice(anna.id);
  as_user.set_sender_type(pb::ST_USER);
  CHECK(backend.fails("/pb.LogicInt/SendMessage", as_user).code == 1007);

  Caller device(server.http_port());
  device.use(anna);
  CHECK(device.fails("/pb.LogicInt/SendMessage", notice(anna.id)).code == 1003);
  CHECK(with("lk_unknown").fails("/pb.LogicInt/SendMessage", notice(anna.id)).code == 1003);
  auto connection =
      LongConnection::sign_in(Door::kTcp, server.tcp_port(), server.http_port(), anna);
  pb::CallInput call;
  call.set_method("/pb.LogicInt/SendMessage");
  connection.send(pb::PT_CALL, 1, call.SerializeAsString());
  CHECK(connection.receive()->code() == 1003);

  auto listed = key({"list"});
  CHECK_THAT(listed.out, Catch::Contains("messages"));
  CHECK_THAT(listed.out, !Catch::Contains(token));
  CHECK(key({"revoke", "1"}).status == 0);
  CHECK(key({"revoke", "1"}).status == 1);
  CHECK(backend.fails("/pb.LogicInt/SendMessage", notice(anna.id)).code == 1003);
}

TEST_CASE("keys are made before a server ever ran, and bad commands say why") {
  TempDir dir;
  const auto data = (dir.path() / "data").string();
  auto made = run_program(LINNET_BINARY,
                          {"key", "create", "first", "--scope", "users", "--data-dir", data});
  CHECK(made.status == 0);
  ServerProcess server(data);
  TestUser backend;
  backend.token = made.out.substr(0, made.out.size() - 1);
  Caller caller(server.http_port());
  caller.use(backend);
  CHECK(caller.call<pb::GetOnlineResp>("/pb.LogicInt/GetOnline", pb::GetOnlineReq())
            .user_ids_size() == 0);

  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"key"},
                                                {"key", "create"},
                                                {"key", "create", "x"},
                                                {"key", "create", "x", "--scope", "everything"},
                                                {"key", "create", "", "--scope", "users"},
                                                {"key", "revoke"},
                                                {"key", "revoke", "x"}}) {
    auto outcome = run_program(LINNET_BINARY, wrong);
    CHECK(outcome.status == 2);
    CHECK(outcome.out.empty());
  }
}
