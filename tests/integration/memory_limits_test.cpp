// What a crowd may hold of a server's memory: answers and pushes that nobody reads, packets and
// chunks that do not end. Who holds the most is cut, and others are served.
#include "limited.hpp"

#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#include <list>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

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

// A heartbeat of the largest kind, in the form of its door, but for its end; and that.
struct BegunPacket {
  const char* name;
  Door door;
  std::string begun;
  std::string rest;
};
std::vector<BegunPacket> begun_packets() {
  pb::Input heartbeat;
  heartbeat.set_type(pb::PT_HEARTBEAT);
  heartbeat.set_request_id(7);
  heartbeat.set_data(std::string(60'000, 'x'));
  const auto packet = heartbeat.SerializeAsString();
  std::string tcp;
  wire::append_tcp_frame(packet, tcp);
  std::string frame;
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, packet, 1, frame);
  auto fragment = frame;
  fragment.front() = static_cast<char>(wire::WsOpcode::kBinary);  // not the last
  std::string last;
  wire::append_masked_ws_frame(wire::WsOpcode::kContinuation, "", 1, last);
  return {{"TCP", Door::kTcp, tcp.substr(0, tcp.size() - 1), tcp.substr(tcp.size() - 1)},
          {"a frame", Door::kWebSocket, frame.substr(0, frame.size() - 1),
           frame.substr(frame.size() - 1)},
          {"a message in fragments", Door::kWebSocket, fragment, last}};
}

}  // namespace

TEST_CASE("readers that do not read are cut, the fullest first, before they fill the memory") {
  Limited f({"limits.unsent_bytes=600000", "server.io_threads=1"});
  const auto tcp = f.server.tcp_port();
  const auto http_port = f.server.http_port();
  auto anna = sign_in(http_port, "100");
  for (int i = 0; i < 120; ++i)
    send_text(http_port, anna, anna.id, std::string(50000, 'x'));
  std::vector<TestUser> devices;
  std::list<LongConnection> slow;
  for (int i = 0; i < 4; ++i) {
    devices.push_back(sign_in(http_port, "100"));
    slow.push_back(LongConnection::sign_in(Door::kTcp, tcp, http_port, devices.back()));
    slow.back().socket().set_receive_buffer(4096);
    pb::SyncInput all;
    slow.back().send(pb::PT_SYNC, 2, all.SerializeAsString());
  }

  CHECK(f.refuses_in_time("unsent_bytes", 1));
  CHECK(f.refused("unsent_bytes") <= 4);
  // Who reads gets everything, also who was cut.
  devices.push_back(sign_in(http_port, "100"));
  for (const auto& device : devices) {
    auto connection = LongConnection::sign_in(Door::kTcp, tcp, http_port, device);
    CHECK(connection.sync(0).size() == 120);
  }
  f.check_served("200");
}

TEST_CASE("packets that do not end are cut, the largest first, before they fill the memory") {
  constexpr int kCrowd = 100;
  for (const auto& [name, door, begun, rest] : begun_packets()) {
    CAPTURE(name);
    Limited f({"limits.unsent_bytes=2000000", "server.io_threads=1"});
    const auto connect = [&, door = door](int number) {
      const auto user = sign_in(f.server.http_port(), std::to_string(10'000 + number));
      return LongConnection::sign_in(door, f.server.tcp_port(), f.server.http_port(), user);
    };
    auto modest = connect(kCrowd);
    modest.socket().send(begun.substr(0, 1000));
    std::list<LongConnection> crowd;
    for (int i = 0; i < kCrowd; ++i) {
      crowd.push_back(connect(i));
      crowd.back().socket().send(begun);
    }
    // What is left of them is no more than 2,000,000 bytes.
    CHECK(f.refuses_in_time("unsent_bytes", 67));
    CHECK(f.refused("unsent_bytes") <= kCrowd);
    f.check_served("200");
    crowd.clear();
    modest.socket().send(begun.substr(1000) + rest);
    CHECK(modest.receive()->request_id() == 7);
  }
}

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
