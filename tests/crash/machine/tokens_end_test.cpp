// Tokens that end by the clock: from then on they are refused at every door, and what is connected
// already stays.
#include "integration/door_listener.hpp"
#include "machine_kit.hpp"
#include "support/jwt.hpp"

#include <fstream>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr std::int64_t kDay = 24 * 3600 * std::int64_t{1000};

bool connects(const ServerProcess& server, Door door, const TestUser& user) {
  try {
    LongConnection::sign_in(door, server.tcp_port(), server.http_port(), user);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// What the server says to who comes with a token anew: by a call, and at each door where one
// listens.
void check_refused_everywhere(const ServerProcess& server, const TestUser& user) {
  Caller caller(server.http_port());
  caller.use(user);
  CHECK(caller.fails("/pb.LogicExt/GetFriends", pb::GetFriendsReq()).code == 1003);
  for (auto door : {Door::kTcp, Door::kWebSocket, Door::kWebSocketJson})
    CHECK_FALSE(connects(server, door, user));
  const auto ids = "&user_id=" + std::to_string(user.id.value()) +
                   "&device_id=" + std::to_string(user.device.value());
  CHECK(http(server.http_port(), "GET", "/events?token=" + user.token + ids).status == 401);
  const auto receive = [&](const std::string& type) {
    return http(server.http_port(), "POST", "/pb.LogicExt/Receive",
                {{"Authorization", "Bearer " + user.token}, {"Content-Type", type}}, envelope(""))
        .body;
  };
  CHECK(receive("application/connect+proto").find("unauthenticated") != std::string::npos);
  CHECK(receive("application/grpc-web+proto").find("grpc-status: 1003") != std::string::npos);
#ifdef LINNET_GRPC
  const auto channel = channel_to(server.grpc_port());
  CHECK(static_cast<int>(
            call_bytes(channel, "/pb.LogicExt/GetFriends", lineage(user), "").error_code()) ==
        1003);
  CHECK(GrpcReceiver(channel, user, 0).end() == 1003);
#endif
}

std::vector<std::string> all_doors(std::vector<std::string> settings = {}) {
#ifdef LINNET_GRPC
  settings.emplace_back("grpc.listen=127.0.0.1:0");
#endif
  return settings;
}

// One device at each door, all of which have heard a first word.
struct Listeners {
  Listeners(const ServerProcess& server, std::vector<TestUser> of, const TestUser& sender)
      : users(std::move(of)) {
    REQUIRE(users.size() == listening_doors().size());
    for (std::size_t i = 0; i < users.size(); ++i)
      doors.push_back(listen_at(listening_doors()[i], server, users[i]));
    hear(server, sender, "before");
  }
  void hear(const ServerProcess& server, const TestUser& sender, const std::string& words) {
    send_text(server.http_port(), sender, users[0].id, words);
    for (std::size_t i = 0; i < doors.size(); ++i) {
      CAPTURE(listening_doors()[i], words);
      doors[i]->wait_for(words);
    }
  }

  std::vector<TestUser> users;
  std::vector<std::unique_ptr<DoorListener>> doors;
};

// Calls at once, of which all but the first wait for another: how many are answered well.
int ordered_calls(LongConnection& connection, int count) {
  pb::CallInput input;
  input.set_method("/pb.LogicExt/GetFriends");
  input.set_ordered(true);
  for (int id = 1; id <= count; ++id)
    connection.send(pb::PT_CALL, id, input.SerializeAsString());
  int good = 0;
  for (int answered = 0; answered < count;) {
    const auto packet = connection.receive();
    REQUIRE(packet);
    if (packet->type() != pb::PT_CALL) continue;
    ++answered;
    if (packet->code() == 0) ++good;
  }
  return good;
}

// The machine's time is ahead of the test's by `ahead`, in ms.
std::int64_t seconds_there(std::int64_t ahead) {
  return (std::chrono::duration_cast<std::chrono::milliseconds>(
              std::chrono::system_clock::now().time_since_epoch())
              .count() +
          ahead) /
         1000;
}

}  // namespace

TEST_CASE("a token that nobody used for its days is refused everywhere, what is connected stays") {
  OnFalseMachine on(all_doors());
  const auto port = on.server.http_port();
  std::vector<TestUser> devices;
  while (devices.size() < listening_doors().size())
    devices.push_back(sign_in(port, "200"));
  Listeners ben(on.server, devices, sign_in(port, "100"));
  const auto used = sign_in(port, "300");
  auto calling =
      LongConnection::sign_in(Door::kTcp, on.server.tcp_port(), port, sign_in(port, "400"));

  on.machine->clock_shift_ms = 60 * kDay;
  CHECK(connects(on.server, Door::kTcp, used));
  on.machine->clock_shift_ms = 91 * kDay;
  for (const auto& user : ben.users)
    check_refused_everywhere(on.server, user);
  CHECK(connects(on.server, Door::kWebSocket, used));
  ben.hear(on.server, sign_in(port, "100"), "after");
  CHECK(ordered_calls(calling, 50) == 50);
}

TEST_CASE("a JSON Web Token is refused everywhere from its end on, what is connected stays") {
  TempDir keys;
  const auto key = (keys.path() / "jwt-secret").string();
  std::ofstream(key) << kJwtSecret << "\n";
  OnFalseMachine on(all_doors({"user.mode=jwt", "jwt.algorithm=HS256", "jwt.key_file=" + key}));
  const auto port = on.server.http_port();
  const auto person = [&](std::int64_t user, std::int64_t ahead) {
    const auto device = new_device(port);
    const auto token = make_jwt({{"alg", "HS256"}}, {{"sub", user},
                                                     {"device_id", device.value()},
                                                     {"iat", seconds_there(ahead)},
                                                     {"exp", seconds_there(ahead) + 600}});
    return TestUser{UserId(user), device, token};
  };
  std::vector<TestUser> devices;
  while (devices.size() < listening_doors().size())
    devices.push_back(person(7002, 0));
  Caller first(port);
  first.use(devices[0]);  // nobody is known before the first token
  first.call<pb::GetFriendsResp>("/pb.LogicExt/GetFriends", pb::GetFriendsReq());
  Listeners ben(on.server, devices, person(7001, 0));

  constexpr std::int64_t kLater = 700 * std::int64_t{1000};
  on.machine->clock_shift_ms = kLater;
  for (const auto& user : ben.users)
    check_refused_everywhere(on.server, user);
  ben.hear(on.server, person(7001, kLater), "after");
}
