// Calls over the long connection: the same methods, several at once, in order where it is asked.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct LongCallsFixture {
  TempDir dir;
  ServerProcess server{dir.path() / "data"};
  TestUser anna = sign_in(server.http_port(), "100");
  TestUser ben = sign_in(server.http_port(), "200");

  LongConnection live(Door door, const TestUser& user) {
    auto connection = LongConnection::sign_in(door, server.tcp_port(), server.http_port(), user);
    connection.sync(0);
    return connection;
  }
};

template <class Request>
void call(LongConnection& connection, std::int64_t id, const std::string& method,
          const Request& request, bool ordered = false) {
  pb::CallInput input;
  input.set_method(method);
  input.set_request(request.SerializeAsString());
  input.set_ordered(ordered);
  connection.send(pb::PT_CALL, id, input.SerializeAsString());
}

// The next answer; pushes in between are skipped.
pb::Output answer(LongConnection& connection) {
  for (;;) {
    auto packet = connection.receive();
    REQUIRE(packet);
    if (packet->type() == pb::PT_CALL) return *packet;
  }
}

template <class Response>
Response response_in(const pb::Output& packet) {
  CAPTURE(packet.message());
  REQUIRE(packet.code() == 0);
  pb::CallOutput output;
  REQUIRE(output.ParseFromString(packet.data()));
  Response response;
  REQUIRE(response.ParseFromString(output.response()));
  return response;
}

}  // namespace

TEST_CASE("a client lives on its one socket: it calls, and is answered with the request's id") {
  LongCallsFixture f;
  for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson}) {
    auto connection = f.live(door, f.anna);
    pb::GetUserReq request;
    request.set_user_id(f.anna.id.value());
    call(connection, 77, "/pb.UserExt/GetUser", request);
    auto packet = answer(connection);
    CHECK(packet.request_id() == 77);
    CHECK(response_in<pb::GetUserResp>(packet).user().user_id() == f.anna.id.value());

    call(connection, 78, "/pb.LogicExt/SendMessage", text_to(f.anna.id, "to myself"));
    CHECK(response_in<pb::SendMessageResp>(answer(connection)).seq() > 0);
  }
}

TEST_CASE("what is wrong with a call is answered with its code, and the connection stays") {
  LongCallsFixture f;
  auto connection = f.live(Door::kTcp, f.anna);
  connection.send(pb::PT_CALL, 1, "\xff\xff");
  CHECK(answer(connection).code() == 1007);
  call(connection, 2, "/pb.LogicExt/Nothing", pb::GetFriendsReq());
  CHECK(answer(connection).code() == 2006);
  call(connection, 3, "/pb.LogicExt/SendMessage", text_to(f.ben.id, "no friends"));
  auto refused = answer(connection);
  CHECK(refused.code() == 1004);
  CHECK(refused.request_id() == 3);
  CHECK_FALSE(refused.message().empty());
  pb::CallInput bad;
  bad.set_method("/pb.LogicExt/SendMessage");
  bad.set_request("\xff\xff");
  connection.send(pb::PT_CALL, 4, bad.SerializeAsString());
  CHECK(answer(connection).code() == 1007);
  connection.send(pb::PT_HEARTBEAT, 5, {});
  CHECK(connection.receive()->request_id() == 5);
}

TEST_CASE("many calls at once are each answered, and ordered ones take effect in order") {
  LongCallsFixture f;
  make_friends(f.server.http_port(), f.anna, f.ben);
  auto sender = f.live(Door::kWebSocket, f.anna);
  auto receiver = f.live(Door::kTcp, f.ben);
  constexpr int kCount = 200;  // more than may be under way at once
  for (int i = 1; i <= kCount; ++i)
    call(sender, i, "/pb.LogicExt/SendMessage", text_to(f.ben.id, std::to_string(i)), true);
  for (int i = 1; i <= kCount; ++i) {
    auto packet = answer(sender);
    CHECK(packet.request_id() == i);
    response_in<pb::SendMessageResp>(packet);
  }
  for (int i = 1; i <= kCount; ++i)
    REQUIRE(text_of(receiver.next_message()) == std::to_string(i));

  std::map<std::int64_t, int> answered;
  for (int i = 1; i <= kCount; ++i)
    call(sender, i, "/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  for (int i = 1; i <= kCount; ++i)
    ++answered[answer(sender).request_id()];
  CHECK(answered.size() == kCount);
}

TEST_CASE("what waited behind a sign-out or an erasure is not carried out") {
  LongCallsFixture f;
  auto connection = f.live(Door::kWebSocket, f.anna);
  pb::EraseUserReq erase;
  erase.set_code(kCode);
  const bool erased = GENERATE(true, false);
  if (erased) {
    call(connection, 1, "/pb.UserExt/EraseUser", erase, true);
  } else {
    call(connection, 1, "/pb.LogicExt/SignOut", pb::SignOutReq(), true);
  }
  pb::CreateGroupReq group;
  group.set_name("behind it");
  for (int i = 2; i <= 10; ++i)
    call(connection, i, "/pb.LogicExt/CreateGroup", group, true);
  while (connection.receive()) {
  }
  if (!erased) {
    Caller caller(f.server.http_port());
    caller.use(sign_in(f.server.http_port(), "100"));
    CHECK(caller.call<pb::GetUserGroupsResp>("/pb.LogicExt/GetUserGroups", pb::GetUserGroupsReq())
              .groups_size() == 0);
  }
  // The next group is the first that was ever made.
  Caller caller(f.server.http_port());
  caller.use(f.ben);
  CHECK(caller.call<pb::CreateGroupResp>("/pb.LogicExt/CreateGroup", group).group_id() == 1);
}

TEST_CASE("a packet's request id is no id for retries: clients count it anew on each connection") {
  LongCallsFixture f;
  for (std::int64_t expected : {1, 3}) {
    auto connection = f.live(Door::kTcp, f.anna);
    call(connection, 1, "/pb.LogicExt/SendMessage", text_to(f.anna.id, "x"));
    CHECK(response_in<pb::SendMessageResp>(answer(connection)).seq() == expected);
    call(connection, 2, "/pb.LogicExt/SendMessage", text_to(f.anna.id, "retried", 99));
    CHECK(response_in<pb::SendMessageResp>(answer(connection)).seq() == 2);
  }
}

TEST_CASE("a client that goes away in the middle of its calls disturbs nobody") {
  LongCallsFixture f;
  for (int round = 0; round < 10; ++round) {
    auto connection = f.live(Door::kTcp, f.anna);
    for (int i = 1; i <= 100; ++i)
      call(connection, i, "/pb.LogicExt/SendMessage", text_to(f.anna.id, "x"), i % 2 == 0);
  }
  auto connection = f.live(Door::kTcp, f.ben);
  call(connection, 1, "/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  CHECK(answer(connection).code() == 0);
  CHECK(f.server.stop() == 0);
}
