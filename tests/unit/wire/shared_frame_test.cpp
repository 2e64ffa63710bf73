#include "linnet/wire/shared_frame.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/room.ext.pb.h"

#include "linnet/wire/json.hpp"
#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <memory>
#include <vector>

using namespace linnet;
using namespace linnet::wire;

TEST_CASE("a shared frame is for each kind of connection what a packet of its own would be") {
  pb::RoomMessages messages;
  messages.set_room_id(5);
  auto& item = *messages.add_items();
  item.set_seq(1700000000001);
  item.set_message_type(pb::MT_TEXT);
  pb::Text text;
  text.set_text("hello");
  item.set_message_content(text.SerializeAsString());
  pb::Output packet;
  packet.set_type(pb::PT_ROOM_MESSAGES);
  packet.set_data(messages.SerializeAsString());
  const auto bytes = packet.SerializeAsString();
  const SharedFrame frame(packet);

  std::string tcp;
  append_tcp_frame(bytes, tcp);
  CHECK(frame.bytes(Framing::kTcp) == tcp);
  std::string binary;
  append_ws_frame(WsOpcode::kBinary, bytes, binary);
  CHECK(frame.bytes(Framing::kWebSocketBinary) == binary);
  std::string json;
  append_ws_frame(WsOpcode::kText, packet_to_json(packet), json);
  CHECK(frame.bytes(Framing::kWebSocketText) == json);
  CHECK(json.find(R"("messageContent":{"text":"hello"})") != std::string::npos);
  CHECK(frame.size() == bytes.size());
}

TEST_CASE("what is too large for TCP has no frame there") {
  pb::Output packet;
  packet.set_data(std::string(70000, 'x'));
  const SharedFrame frame(packet);
  CHECK(frame.bytes(Framing::kTcp).empty());
  CHECK(frame.bytes(Framing::kWebSocketBinary).size() > 70000);
}

TEST_CASE("a run of shared frames is one after the other, for each kind of connection") {
  FrameRun run;
  CHECK(run.empty());
  CHECK(run.bytes(Framing::kTcp).empty());
  std::vector<SharedFramePtr> frames;
  for (int id = 1; id <= 3; ++id) {
    pb::Output packet;
    packet.set_request_id(id);
    frames.push_back(std::make_shared<const SharedFrame>(packet));
  }
  std::array<std::string, 3> expected;
  std::size_t size = 0;
  for (const auto& frame : frames) {
    run.add(frame);
    size += frame->size();
    CHECK(run.size() == size);
    for (auto framing : {Framing::kTcp, Framing::kWebSocketBinary, Framing::kWebSocketText}) {
      auto& all = expected.at(static_cast<std::size_t>(framing));
      all += frame->bytes(framing);
      CHECK(run.bytes(framing) == all);
    }
  }
}
