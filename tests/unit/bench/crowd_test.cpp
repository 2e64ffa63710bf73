// That a crowd watches whom it should, and sees what is lost, repeated, out of order or damaged.
#include "crowd.hpp"

#include "pb/room.ext.pb.h"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::bench;

namespace {

// What a Linnet sends of a room: one message with these payloads.
std::string room_frame(Door door, const std::vector<std::string>& payloads) {
  pb::RoomMessages messages;
  messages.set_room_id(1);
  for (const auto& payload : payloads)
    messages.add_items()->set_message_content(payload);
  pb::Output packet;
  packet.set_type(pb::PT_ROOM_MESSAGES);
  packet.set_data(messages.SerializeAsString());
  std::string framed;
  if (door == Door::kTcp) {
    wire::append_tcp_frame(packet.SerializeAsString(), framed);
  } else {
    wire::append_ws_frame(wire::WsOpcode::kBinary, packet.SerializeAsString(), framed);
  }
  return framed;
}

std::vector<std::string> taken(const Dialect& dialect, std::string_view& bytes) {
  std::vector<std::string> payloads;
  dialect.take(bytes, [&](std::string_view payload) { payloads.emplace_back(payload); });
  return payloads;
}

}  // namespace

TEST_CASE("the watched places are spread evenly, the first and the last among them") {
  CHECK(spread(3, 11) == std::vector<std::size_t>{0, 5, 10});
  CHECK(spread(1, 7) == std::vector<std::size_t>{0});
  CHECK(spread(9, 3) == std::vector<std::size_t>{0, 1, 2});
  CHECK(spread(5, 0).empty());
  const auto places = spread(50, 10000);
  REQUIRE(places.size() == 50);
  CHECK(places.front() == 0);
  CHECK(places.back() == 9999);
  for (std::size_t i = 1; i < places.size(); ++i) {
    CHECK(places[i] - places[i - 1] >= 204);
    CHECK(places[i] - places[i - 1] <= 205);
  }
}

TEST_CASE("a watched member takes nothing but the next message, whole") {
  Watched member;
  CHECK(payload_of(7, 20) == "0000000000000007xxxx");
  CHECK(member.got(payload_of(0, 100), 100));
  CHECK_FALSE(member.got(payload_of(0, 100), 100));  // again
  CHECK_FALSE(member.got(payload_of(2, 100), 100));  // one is lost
  CHECK_FALSE(member.got(payload_of(1, 99), 100));   // cut short
  CHECK_FALSE(member.got("", 100));
  CHECK(member.got(payload_of(1, 100), 100));
  CHECK(member.next() == 2);
  CHECK(member.wrong() == 4);
}

TEST_CASE("messages are found wherever the bytes are cut") {
  const auto door = GENERATE(Door::kTcp, Door::kWebSocket);
  const auto size = GENERATE(16, 100, 1000);
  const auto dialect = floor_dialect(door, 10);
  const auto one = payload_of(1, static_cast<std::size_t>(size));
  const auto two = payload_of(2, static_cast<std::size_t>(size));
  const auto three = payload_of(3, static_cast<std::size_t>(size));
  const auto bytes = room_frame(door, {one}) + room_frame(door, {two, three});

  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    std::string received = bytes.substr(0, cut);
    std::string_view rest(received);
    auto payloads = taken(*dialect, rest);
    received.erase(0, received.size() - rest.size());
    received += bytes.substr(cut);
    rest = received;
    for (const auto& payload : taken(*dialect, rest))
      payloads.push_back(payload);
    REQUIRE(payloads == std::vector<std::string>{one, two, three});
    REQUIRE(rest.empty());
  }
}

TEST_CASE("a frame that is no whole message is an error, not a message") {
  std::string close;
  wire::append_ws_frame(wire::WsOpcode::kClose, "", close);
  std::string masked;
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, "xx", 1, masked);
  for (const auto& bytes : {close, masked, std::string("\x02\x01x", 3)}) {
    std::string_view rest(bytes);
    CHECK_THROWS(next_ws_frame(rest));
  }
}

TEST_CASE("a frame of 64 KiB or more is read by its long length") {
  std::string bytes;
  wire::append_ws_frame(wire::WsOpcode::kBinary, std::string(70000, 'y'), bytes);
  std::string_view rest(bytes);
  const auto frame = next_ws_frame(rest);
  CHECK(frame.there);
  CHECK(frame.payload.size() == 70000);
  CHECK(rest.empty());
}

TEST_CASE("what a Redis, a NATS server, an MQTT broker or a WebSocket server pushes is found") {
  const std::string text(200, 'z');
  std::string frame;
  wire::append_ws_frame(wire::WsOpcode::kText, text, frame);
  const std::string mqtt = "\x30\xCE\x01" + std::string("\0\4room", 6) + text;
  struct Case {
    const char* dialect;
    std::string push;
  };
  const std::vector<Case> cases{
      {"redis", "*3\r\n$7\r\nmessage\r\n$4\r\nroom\r\n$200\r\n" + text + "\r\n"},
      {"nats", "MSG room 1 200\r\n" + text + "\r\n"},
      {"mqtt", mqtt},
      {"ws", frame}};
  for (const auto& one : cases) {
    INFO(one.dialect);
    const auto dialect = peer_dialect(one.dialect, 10);
    const auto bytes = one.push + one.push;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      std::string_view rest(bytes.data(), cut);
      auto payloads = taken(*dialect, rest);
      rest = std::string_view(bytes).substr(cut - rest.size());
      for (const auto& payload : taken(*dialect, rest))
        payloads.push_back(payload);
      REQUIRE(payloads == std::vector<std::string>{text, text});
      REQUIRE(rest.empty());
    }
  }
  CHECK_THROWS(peer_dialect("carrier pigeon", 10));
}

TEST_CASE("whoever is refused by another server is not taken for a member") {
  struct Case {
    const char* dialect;
    std::string refusal;
  };
  const std::vector<Case> cases{{"redis", "-ERR no\r\n"},
                                {"nats", "-ERR 'no'\r\n"},
                                {"mqtt", std::string("\x20\x02\0\5", 4)},
                                {"ws", "HTTP/1.1 404 Not Found\r\n\r\n"}};
  for (const auto& one : cases) {
    INFO(one.dialect);
    std::string_view rest(one.refusal);
    CHECK_THROWS(peer_dialect(one.dialect, 10)->answer(0, 0, rest));
  }
}
