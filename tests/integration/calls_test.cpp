// The calls over HTTP: who may do what, and what is answered when they may not.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace linnet;
using namespace linnet::test;

namespace {

struct CallsFixture {
  TempDir dir;
  ServerProcess server{dir.path() / "data"};
  std::uint16_t port = server.http_port();
  Caller caller{port};
};

pb::AddFriendReq ask(UserId user) {
  pb::AddFriendReq request;
  request.set_friend_id(user.value());
  return request;
}

}  // namespace

TEST_CASE_METHOD(CallsFixture, "a phone number is one user on however many devices") {
  auto phone = sign_in(port, "100");
  auto tablet = sign_in(port, "100");
  auto ben = sign_in(port, "200");

  CHECK(phone.id == tablet.id);
  CHECK(phone.device != tablet.device);
  CHECK(ben.id != phone.id);
}

TEST_CASE_METHOD(CallsFixture, "a profile is what its owner made it") {
  auto anna = sign_in(port, "100");
  auto ben = sign_in(port, "200");
  pb::UpdateUserReq update;
  update.set_nickname("Anna \xc3\x84");
  update.set_sex(2);
  update.set_avatar_url("https://example.com/a.png");
  update.set_extra("{}");
  caller.use(anna);
  caller.call<pb::UpdateUserResp>("/pb.UserExt/UpdateUser", update);

  caller.use(ben);
  pb::GetUserReq get;
  get.set_user_id(anna.id.value());
  auto user = caller.call<pb::GetUserResp>("/pb.UserExt/GetUser", get).user();
  CHECK(user.nickname() == update.nickname());
  CHECK(user.sex() == 2);
  CHECK(user.avatar_url() == update.avatar_url());
  CHECK(user.create_time() > 1600000000);
  CHECK(user.create_time() < 100000000000);  // seconds
  get.set_user_id(999);
  CHECK(caller.fails("/pb.UserExt/GetUser", get).code == 1011);
  update.set_nickname(std::string(129, 'x'));
  CHECK(caller.fails("/pb.UserExt/UpdateUser", update).code == 1007);
}

TEST_CASE_METHOD(CallsFixture, "a call without credentials, or with another's, is refused") {
  auto anna = sign_in(port, "100");
  auto ben = sign_in(port, "200");
  auto text = text_to(ben.id, "hi");
  CHECK(caller.fails("/pb.LogicExt/SendMessage", text).code == 1003);

  auto with = [&](std::string token) {
    caller.use({anna.id, anna.device, std::move(token)});
    return caller.fails("/pb.LogicExt/SendMessage", text).code;
  };
  CHECK(with("") == 1003);
  CHECK(with("nonsense") == 1003);
  CHECK(with(anna.token.substr(0, anna.token.size() - 1)) == 1003);
  CHECK(with(anna.token + "x") == 1003);
  auto secret = anna.token.substr(anna.token.rfind('.') + 1);
  CHECK(with("l1." + std::to_string(ben.id.value()) + "." + std::to_string(anna.device.value()) +
             "." + secret) == 1003);
  CHECK(with("l1." + std::to_string(anna.id.value()) + "." + std::to_string(ben.device.value()) +
             "." + secret) == 1003);
  CHECK(with(anna.token) == 1004);  // hers is accepted; they are not friends
}

TEST_CASE_METHOD(CallsFixture, "a new sign-in on a device ends its older token") {
  auto anna = sign_in(port, "100");
  auto again = sign_in_on(port, "100", anna.device);
  caller.use(anna);
  CHECK(caller.fails("/pb.LogicExt/SendMessage", text_to(anna.id, "x")).code == 1003);
  caller.use(again);
  CHECK(caller.fails("/pb.LogicExt/SendMessage", text_to(anna.id, "x")).code == 0);
}

TEST_CASE_METHOD(CallsFixture, "whoever names another's device gets one of its own behind it") {
  auto anna = sign_in(port, "100");
  make_friends(port, anna, sign_in(port, "300"));
  auto ben = sign_in_on(port, "200", anna.device);
  CHECK(ben.id != anna.id);
  auto own = anna;
  auto on_it = LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(), port, anna);
  auto behind =
      LongConnection::sign_in(LongConnection::Door::kWebSocket, server.tcp_port(), port, ben);
  // Both count their requests from 1, and each is its own.
  for (const auto& who : {anna, ben}) {
    caller.use(who);
    const auto sent = caller.call<pb::SendMessageResp>("/pb.LogicExt/SendMessage",
                                                       text_to(who.id, "of its own", 1));
    CHECK(sent.seq() >= 1);
    CHECK(
        caller
            .call<pb::SendMessageResp>("/pb.LogicExt/SendMessage", text_to(who.id, "of its own", 1))
            .seq() == sent.seq());
  }
  CHECK(text_of(on_it.sync(0).back()) == "of its own");
  CHECK(text_of(behind.sync(0).back()) == "of its own");

  // The lineage's clients say the device's id, and the token for it.
  const auto with = [&](const TestUser& user) {
    return http(port, "POST", "/pb.LogicExt/GetFriends",
                {{"Content-Type", "application/json"},
                 {"user_id", std::to_string(user.id.value())},
                 {"device_id", std::to_string(anna.device.value())},
                 {"token", user.token}},
                "{}")
        .status;
  };
  CHECK(with(anna) == 200);
  CHECK(with(ben) == 200);
  own.token = ben.token;
  CHECK(with(own) == 401);
}

TEST_CASE_METHOD(CallsFixture, "the lineage's metadata are credentials too") {
  auto anna = sign_in(port, "100");
  Headers headers{{"Content-Type", "application/proto"},
                  {"user_id", std::to_string(anna.id.value())},
                  {"device_id", std::to_string(anna.device.value())},
                  {"token", anna.token},
                  {"request_id", "31"}};
  auto body = text_to(anna.id, "note").SerializeAsString();
  auto first = http(port, "POST", "/pb.LogicExt/SendMessage", headers, body);
  auto again = http(port, "POST", "/pb.LogicExt/SendMessage", headers, body);

  REQUIRE(first.status == 200);
  CHECK(again.status == 200);
  CHECK(again.body == first.body);  // request_id of the metadata makes it the same message
  headers[3].second = "wrong";
  CHECK(http(port, "POST", "/pb.LogicExt/SendMessage", headers, body).status == 401);
}

TEST_CASE_METHOD(CallsFixture, "only friends write to each other, and both must agree") {
  auto anna = sign_in(port, "100");
  auto ben = sign_in(port, "200");
  caller.use(anna);
  CHECK(caller.fails("/pb.LogicExt/SendMessage", text_to(ben.id, "hi")).code == 1004);
  caller.call<pb::AddFriendResp>("/pb.LogicExt/AddFriend", ask(ben.id));
  CHECK(caller.fails("/pb.LogicExt/SendMessage", text_to(ben.id, "hi")).code == 1004);

  pb::AgreeAddFriendReq agree;
  agree.set_user_id(ben.id.value());
  CHECK(caller.fails("/pb.LogicExt/AgreeAddFriend", agree).code == 1007);  // ben never asked
  caller.use(ben);
  agree.set_user_id(anna.id.value());
  agree.set_remarks("Ann");
  caller.call<pb::AgreeAddFriendResp>("/pb.LogicExt/AgreeAddFriend", agree);

  CHECK(send_text(port, ben, anna.id, "now").value() > 0);
  CHECK(send_text(port, anna, ben.id, "now").value() > 0);
  auto friends =
      caller.call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).friends();
  REQUIRE(friends.size() == 1);
  CHECK(friends[0].user_id() == anna.id.value());
  CHECK(friends[0].phone_number() == "100");
  CHECK(friends[0].remarks() == "Ann");
}

TEST_CASE_METHOD(CallsFixture, "friendship may be left out by configuration") {
  ServerProcess open(dir.path() / "open", {"--set", "logic.require_friendship=false"});
  auto anna = sign_in(open.http_port(), "100");
  auto ben = sign_in(open.http_port(), "200");

  CHECK(send_text(open.http_port(), anna, ben.id, "hi").value() == 1);
  Caller other(open.http_port());
  other.use(anna);
  CHECK(other.fails("/pb.LogicExt/SendMessage", text_to(UserId(77), "hi")).code == 1011);
}

TEST_CASE_METHOD(CallsFixture, "a request that cannot be is refused with its code") {
  auto anna = sign_in(port, "100");
  caller.use(anna);
  auto refused = [&](auto change) {
    auto request = text_to(anna.id, "x");
    change(request);
    return caller.fails("/pb.LogicExt/SendMessage", request).code;
  };
  CHECK(refused([](auto& r) { r.set_receiver_id(0); }) == 1007);
  CHECK(refused([](auto& r) { r.set_receiver_id(-5); }) == 1007);
  CHECK(refused([](auto& r) { r.set_receiver_type(pb::RT_UNKNOWN); }) == 1007);
  CHECK(refused([](auto& r) { r.set_receiver_type(pb::RT_NORMAL_GROUP); }) == 1010);
  CHECK(refused([](auto& r) { r.set_message_type(pb::MT_UNKNOWN); }) == 1007);
  CHECK(refused([](auto& r) { r.set_message_type(static_cast<pb::MessageType>(99)); }) == 1007);
  CHECK(refused([](auto& r) { r.set_request_id(-1); }) == 1007);
  CHECK(refused([](auto& r) { r.set_message_content(std::string(60001, 'x')); }) == 2004);
  CHECK(refused([](auto& r) { r.set_message_content(std::string(60000, 'x')); }) == 0);
  CHECK(refused([](auto& r) {
          for (int i = 0; i < 501; ++i)
            r.add_to_user_ids(1);
        }) == 2004);

  CHECK(caller.fails("/pb.LogicExt/AddFriend", ask(anna.id)).code == 1007);
  CHECK(caller.fails("/pb.LogicExt/AddFriend", ask(UserId(999))).code == 1011);
  pb::SignInReq request;
  request.set_code(kCode);
  request.set_device_id(999);
  request.set_phone_number("100");
  CHECK(caller.fails("/pb.UserExt/SignIn", request).code == 1012);
  request.set_device_id(anna.device.value());
  request.set_phone_number("1'; DROP TABLE user; --");
  CHECK(caller.fails("/pb.UserExt/SignIn", request).code == 1007);
  pb::RegisterDeviceReq device;
  CHECK(caller.fails("/pb.LogicExt/RegisterDevice", device).code == 1007);
}

TEST_CASE("too many wrong codes for a number are refused for a while") {
  TempDir dir;
  ServerProcess server(dir.path() / "data", {"--set", "limits.enabled=true"});
  auto anna = sign_in(server.http_port(), "100");
  Caller caller(server.http_port());
  pb::SignInReq request;
  request.set_phone_number("100");
  request.set_device_id(anna.device.value());
  request.set_code("1");
  for (int i = 0; i < 10; ++i)
    CHECK(caller.fails("/pb.UserExt/SignIn", request).code == 1002);
  CHECK(caller.fails("/pb.UserExt/SignIn", request).code == 2003);
  request.set_code(kCode);
  CHECK(caller.fails("/pb.UserExt/SignIn", request).status == 429);  // also the right one
}

TEST_CASE_METHOD(CallsFixture, "the same calls in JSON, content as an object") {
  auto anna = sign_in(port, "100");
  caller.use(anna);
  auto answer = caller.post(
      "/pb.LogicExt/SendMessage",
      R"({"receiverType":"RT_USER","receiverId":")" + std::to_string(anna.id.value()) +
          R"(","messageType":"MT_TEXT","messageContent":{"text":"gr\u00fc\u00df dich"},"isPersist":true})",
      "application/json");
  REQUIRE(answer.status == 200);
  CHECK(nlohmann::json::parse(answer.body) == nlohmann::json{{"seq", "1"}});

  auto connection =
      LongConnection::sign_in(LongConnection::Door::kTcp, server.tcp_port(), port, anna);
  auto items = connection.sync(0);
  REQUIRE(items.size() == 1);
  CHECK(text_of(items[0]) == "gr\xc3\xbc\xc3\x9f dich");
}
