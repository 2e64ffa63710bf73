// The doors at the level of bytes: joined and split packets, hostile input, deadlines, the
// WebSocket handshake.
#include "support/raw_client.hpp"
#include "support/server_process.hpp"

#include "linnet/base/temp_dir.hpp"
#include "linnet/wire/tcp.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <thread>

using namespace linnet;
using namespace linnet::test;
using Door = LongConnection::Door;

namespace {

struct DoorsFixture {
  TempDir dir;
  ServerProcess server{dir.path() / "data", {"--set", "session.sign_in_timeout_ms=400"}};
  std::uint16_t tcp = server.tcp_port();
  std::uint16_t http_port = server.http_port();
  TestUser anna = sign_in(http_port, "100");

  LongConnection connect(Door door) { return LongConnection::sign_in(door, tcp, http_port, anna); }
  // Somebody else, who must notice nothing of what a test does.
  void check_others_are_served() {
    auto ben = sign_in(http_port, "200");
    auto connection = LongConnection::sign_in(Door::kTcp, tcp, http_port, ben);
    CHECK(connection.sync(0).empty());
  }
};

std::string frame(const std::string& packet) {
  std::string framed;
  wire::append_tcp_frame(packet, framed);
  return framed;
}

std::string input(pb::PackageType type, std::int64_t request_id, const std::string& data = {}) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  packet.set_data(data);
  return packet.SerializeAsString();
}

std::string sign_in_frame(const TestUser& user) {
  pb::SignInInput sign_in;
  sign_in.set_user_id(user.id.value());
  sign_in.set_device_id(user.device.value());
  sign_in.set_token(user.token);
  return frame(input(pb::PT_SIGN_IN, 1, sign_in.SerializeAsString()));
}

// The error that is said, then the end of the connection.
void check_refused(LongConnection& connection, int code) {
  auto answer = connection.receive();
  REQUIRE(answer);
  CHECK(answer->code() == code);
  CHECK_FALSE(answer->message().empty());
  CHECK_FALSE(connection.receive());
}

}  // namespace

TEST_CASE_METHOD(DoorsFixture, "TCP packets may come joined in one segment") {
  auto connection = LongConnection::raw_tcp(tcp);
  std::string all = sign_in_frame(anna);
  for (int i = 10; i < 60; ++i)
    all += frame(input(pb::PT_HEARTBEAT, i));
  connection.socket().send(all);

  REQUIRE(connection.receive()->type() == pb::PT_SIGN_IN);
  for (int i = 10; i < 60; ++i)
    CHECK(connection.receive()->request_id() == i);
}

TEST_CASE_METHOD(DoorsFixture, "TCP packets may come byte by byte") {
  auto connection = LongConnection::raw_tcp(tcp);
  for (char byte : sign_in_frame(anna) + frame(input(pb::PT_HEARTBEAT, 9)))
    connection.socket().send(std::string_view(&byte, 1));

  CHECK(connection.receive()->code() == 0);
  CHECK(connection.receive()->request_id() == 9);
}

TEST_CASE_METHOD(DoorsFixture, "a packet of the largest size is taken, its answer comes") {
  auto connection = LongConnection::raw_tcp(tcp);
  connection.socket().send(sign_in_frame(anna));
  auto heartbeat = input(pb::PT_HEARTBEAT, 5, std::string(60000, 'x'));
  heartbeat =
      input(pb::PT_HEARTBEAT, 5, std::string(60000 + wire::kMaxPacket - heartbeat.size(), 'x'));
  REQUIRE(heartbeat.size() == wire::kMaxPacket);
  connection.socket().send(frame(heartbeat) + frame(heartbeat));

  CHECK(connection.receive()->type() == pb::PT_SIGN_IN);
  CHECK(connection.receive()->request_id() == 5);
  CHECK(connection.receive()->request_id() == 5);
}

TEST_CASE_METHOD(DoorsFixture, "a TCP connection that does not begin rightly is told and closed") {
  SECTION("a first packet that is no sign-in") {
    auto connection = LongConnection::raw_tcp(tcp);
    connection.send(pb::PT_HEARTBEAT, 1, "");
    check_refused(connection, 1007);
  }
  SECTION("an empty packet") {
    auto connection = LongConnection::raw_tcp(tcp);
    connection.socket().send(std::string(2, '\0'));
    check_refused(connection, 1007);
  }
  SECTION("a wrong token") {
    auto connection = LongConnection::raw_tcp(tcp);
    auto wrong = anna;
    wrong.token.back() = wrong.token.back() == 'A' ? 'B' : 'A';
    connection.socket().send(sign_in_frame(wrong));
    check_refused(connection, 1003);
  }
  SECTION("another user's token") {
    auto ben = sign_in(http_port, "200");
    auto connection = LongConnection::raw_tcp(tcp);
    ben.token = anna.token;
    connection.socket().send(sign_in_frame(ben));
    check_refused(connection, 1003);
  }
  SECTION("bytes that are no packet") {
    auto connection = LongConnection::raw_tcp(tcp);
    connection.socket().send(frame("\xff\xff\xff\xff") + sign_in_frame(anna));
    check_refused(connection, 1007);
  }
  SECTION("silence") {
    auto connection = LongConnection::raw_tcp(tcp);
    check_refused(connection, 2005);
  }
  SECTION("half a packet, then silence") {
    auto connection = LongConnection::raw_tcp(tcp);
    connection.socket().send(sign_in_frame(anna).substr(0, 20));
    check_refused(connection, 2005);
  }
  check_others_are_served();
}

TEST_CASE_METHOD(DoorsFixture, "an undecodable packet after the sign-in is told and closes") {
  auto door = GENERATE(Door::kTcp, Door::kWebSocket);
  auto connection = connect(door);
  std::string bad = frame("\x08");
  if (door != Door::kTcp) {
    bad.clear();
    wire::append_masked_ws_frame(wire::WsOpcode::kBinary, "\x08", 7, bad);
  }
  connection.socket().send(bad);

  check_refused(connection, 1007);
  if (door != Door::kTcp) CHECK(connection.close_code() == wire::CloseCode::kBadPacket);
  check_others_are_served();
}

TEST_CASE_METHOD(DoorsFixture, "a peer that sends no more still gets what it is due") {
  auto connection = LongConnection::raw_tcp(tcp);
  connection.socket().send(sign_in_frame(anna));
  REQUIRE(connection.receive());
  connection.socket().send(frame(input(pb::PT_HEARTBEAT, 3)));
  connection.socket().shut_down_sending();

  auto answer = connection.receive();
  REQUIRE(answer);
  CHECK(answer->request_id() == 3);
}

TEST_CASE_METHOD(DoorsFixture, "random bytes on either door end that connection only") {
  std::uint32_t seed = GENERATE(1U, 2U, 3U, 4U, 5U, 6U);
  Socket socket(seed % 2 == 0 ? tcp : http_port);
  std::string noise;
  for (int i = 0; i < 5000; ++i) {
    seed = seed * 1664525U + 1013904223U;
    noise += static_cast<char>(seed >> 24U);
  }
  try {
    socket.send(noise);
    std::string answer;
    while (socket.receive(answer)) {
    }
  } catch (const std::runtime_error&) {
    // Closed while it was still being sent to.
  }
  CHECK(server.running());
  check_others_are_served();
}

TEST_CASE_METHOD(DoorsFixture,
                 "WebSocket: ping is answered, a close is answered, fragments are joined") {
  auto connection = connect(Door::kWebSocket);
  auto packet = input(pb::PT_HEARTBEAT, 21);
  std::string bytes;
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, packet.substr(0, 2), 1, bytes);
  bytes[0] = static_cast<char>(bytes[0] & 0x7f);  // not the last fragment
  auto first = bytes.size();
  wire::append_masked_ws_frame(wire::WsOpcode::kPing, "are you there", 2, bytes);
  wire::append_masked_ws_frame(wire::WsOpcode::kContinuation, packet.substr(2), 3, bytes);
  REQUIRE(first > 0);
  for (char byte : bytes)
    connection.socket().send(std::string_view(&byte, 1));

  std::string pong;
  while (pong.size() < 15)
    REQUIRE(connection.socket().receive(pong));
  CHECK(pong.substr(0, 15) == std::string("\x8a\x0d", 2) + "are you there");
  std::string rest = pong.substr(15);
  while (rest.size() < 6)
    REQUIRE(connection.socket().receive(rest));
  pb::Output answer;
  REQUIRE(answer.ParseFromString(rest.substr(2)));
  CHECK(answer.request_id() == 21);

  std::string close;
  wire::append_masked_ws_frame(wire::WsOpcode::kClose,
                               wire::ws_close_payload(wire::CloseCode::kNormal, "bye"), 4, close);
  connection.socket().send(close);
  CHECK_FALSE(connection.receive());
  CHECK(connection.close_code() == wire::CloseCode::kNormal);
}

TEST_CASE_METHOD(DoorsFixture, "WebSocket: what breaks the protocol is closed with its code") {
  struct Case {
    std::string bytes;
    wire::CloseCode code;
  };
  std::string large;
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, std::string(65536, 'x'), 5, large);
  std::string unmasked;
  wire::append_ws_frame(wire::WsOpcode::kBinary, "x", unmasked);
  std::string bad_text;
  wire::append_masked_ws_frame(wire::WsOpcode::kText, "\xc3\x28", 5, bad_text);
  auto c = GENERATE_COPY(values<Case>({{large, wire::CloseCode::kTooBig},
                                       {unmasked, wire::CloseCode::kProtocolError},
                                       {bad_text, wire::CloseCode::kInvalidPayload}}));
  auto connection = connect(Door::kWebSocket);
  connection.socket().send(c.bytes);

  CHECK_FALSE(connection.receive());
  CHECK(connection.close_code() == c.code);
}

TEST_CASE_METHOD(DoorsFixture,
                 "a WebSocket that may not be is refused with JSON before the upgrade") {
  auto upgrade = [&](const std::string& query, Headers more = {}) {
    Headers headers{{"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Version", "13"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    headers.insert(headers.end(), more.begin(), more.end());
    return http(http_port, "GET", "/ws" + query, headers);
  };
  auto code = [](const HttpAnswer& answer) {
    return nlohmann::json::parse(answer.body).at("code").get<int>();
  };
  const auto user = std::to_string(anna.id.value());
  const auto device = std::to_string(anna.device.value());

  auto wrong = upgrade("?user_id=" + user + "&device_id=" + device + "&token=wrong");
  CHECK(wrong.status == 401);
  CHECK(code(wrong) == 1003);
  for (const std::string& query :
       {"?user_id=" + user + "&device_id=" + device, std::string("?user_id=x&device_id=1&token=t"),
        std::string("?user_id=99999999999999999999&device_id=1&token=t"), std::string()}) {
    auto answer = upgrade(query);
    CHECK(answer.status == 400);
    CHECK(code(answer) == 1007);
  }
  auto whole = "?user_id=" + user + "&device_id=" + device + "&token=" + anna.token;
  CHECK(upgrade(whole, {{"Origin", "https://evil.example"}}).status == 403);
  CHECK(upgrade(whole, {{"Origin", "http://127.0.0.1:" + std::to_string(http_port)}}).status ==
        101);
  CHECK(upgrade("", {{"Authorization", "Bearer " + anna.token}}).status == 101);
  auto offered = upgrade("", {{"Sec-WebSocket-Protocol", "linnet, bearer." + anna.token}});
  CHECK(offered.status == 101);
  CHECK(offered.headers["sec-websocket-protocol"] == "linnet");
  CHECK(offered.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
