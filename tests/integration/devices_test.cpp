// Signing devices out, by hand and by policy, through the real executable: every door closes.
#include "pb/device.pb.h"
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct Server {
  explicit Server(std::vector<std::string> more = {}) : process(dir.path() / "data", more) {}
  LongConnection connect(Door door, const TestUser& user) {
    return LongConnection::sign_in(door, process.tcp_port(), process.http_port(), user);
  }
  Caller as(const TestUser& user) {
    Caller caller(process.http_port());
    caller.use(user);
    return caller;
  }
  TempDir dir;
  ServerProcess process;
};

// The last word of a connection, and its end.
int last_word(LongConnection& connection) {
  auto told = connection.receive();
  REQUIRE(told);
  CHECK(told->type() == pb::PT_SIGN_IN);
  CHECK_FALSE(connection.receive());
  return told->code();
}

}  // namespace

TEST_CASE("a device that is signed out is out at once on every door, others stay") {
  Server server;
  auto phone = sign_in(server.process.http_port(), "100");
  auto tablet = sign_in(server.process.http_port(), "100");
  auto laptop = sign_in(server.process.http_port(), "100");
  auto on_phone = server.connect(Door::kTcp, phone);
  auto on_tablet = server.connect(Door::kWebSocket, tablet);
  auto list =
      server.as(laptop).call<pb::ListDevicesResp>("/pb.LogicExt/ListDevices", pb::ListDevicesReq());
  REQUIRE(list.devices_size() == 3);
  CHECK(list.devices(0).status() == 1);
  CHECK(list.devices(2).status() == 0);

  for (const auto& device : {phone, tablet}) {
    pb::RevokeDeviceReq revoke;
    revoke.set_device_id(device.device.value());
    server.as(laptop).call<pb::RevokeDeviceResp>("/pb.LogicExt/RevokeDevice", revoke);
  }

  CHECK(last_word(on_phone) == 2020);
  CHECK(last_word(on_tablet) == 2020);
  CHECK(on_tablet.close_code() == wire::CloseCode::kUnauthorized);
  CHECK(server.as(phone).fails("/pb.LogicExt/ListDevices", pb::ListDevicesReq()).code == 1003);
  CHECK_THROWS(server.connect(Door::kTcp, phone));
  CHECK_THROWS(server.connect(Door::kWebSocket, tablet));
  list =
      server.as(laptop).call<pb::ListDevicesResp>("/pb.LogicExt/ListDevices", pb::ListDevicesReq());
  CHECK(list.devices_size() == 1);

  // The installation goes on under another account.
  auto other = sign_in_on(server.process.http_port(), "200", phone.device);
  auto again = server.connect(Door::kTcp, other);
  server.as(other).call<pb::SignOutResp>("/pb.LogicExt/SignOut", pb::SignOutReq());
  CHECK(last_word(again) == 2020);
}

TEST_CASE("a policy of one device per user signs the former out, and says so") {
  Server server({"--set", "devices.policy=single"});
  auto first = sign_in(server.process.http_port(), "100");
  auto connection = server.connect(Door::kWebSocketJson, first);
  auto second = sign_in(server.process.http_port(), "100");
  CHECK(last_word(connection) == 2021);
  CHECK(server.as(first).fails("/pb.LogicExt/ListDevices", pb::ListDevicesReq()).code == 1003);
  CHECK(server.connect(Door::kTcp, second).sync(0).empty());
}
