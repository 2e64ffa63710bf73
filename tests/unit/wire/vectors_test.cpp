// The byte examples of docs/protocol.md are what the encoders write and the decoders read, and none
// is missing.
#include "pb/conn.ext.pb.h"

#include "linnet/wire/json.hpp"
#include "linnet/wire/push.hpp"
#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

using namespace linnet;

namespace {

constexpr std::uint32_t kMask = 0x37fa213dU;  // RFC 6455's own example

// The lines of one block: JSON, packet, TCP, WS.
using Block = std::map<std::string, std::string>;

std::string from_hex(std::string_view text) {
  std::string bytes;
  std::istringstream in{std::string(text)};
  std::string pair;
  while (in >> pair) {
    REQUIRE(pair.size() == 2);
    bytes += static_cast<char>(std::stoi(pair, nullptr, 16));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (char c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

// "```vector NAME", lines of "key value", a line that begins with a blank continues the one before.
std::map<std::string, Block> read_vectors() {
  std::ifstream file(std::string(LINNET_SOURCE_DIR) + "/docs/protocol.md");
  REQUIRE(file);
  std::map<std::string, Block> blocks;
  Block* block = nullptr;
  std::string key;
  std::string line;
  while (std::getline(file, line)) {
    constexpr std::string_view kStart = "```vector ";
    if (line.starts_with(kStart)) {
      block = &blocks[line.substr(kStart.size())];
      REQUIRE(block->empty());
    } else if (line.starts_with("```")) {
      block = nullptr;
    } else if (block != nullptr) {
      std::size_t blank = line.find(' ');
      REQUIRE(blank != std::string::npos);
      if (blank > 0) key = line.substr(0, blank);
      std::size_t from = line.find_first_not_of(' ', blank);
      REQUIRE(from != std::string::npos);
      std::string& value = (*block)[key];
      value += (value.empty() ? "" : " ") + line.substr(from);
    }
  }
  return blocks;
}

std::string tcp_frame(std::string_view packet) {
  std::string frame;
  REQUIRE(wire::append_tcp_frame(packet, frame));
  return frame;
}

Block up(const pb::Input& packet) {
  std::string bytes = packet.SerializeAsString();
  std::string frame;
  wire::append_masked_ws_frame(wire::WsOpcode::kBinary, bytes, kMask, frame);
  return {{"JSON", wire::packet_to_json(packet)},
          {"packet", to_hex(bytes)},
          {"TCP", to_hex(tcp_frame(bytes))},
          {"WS", to_hex(frame)}};
}

Block down(const std::string& bytes, const std::string& json) {
  std::string frame;
  wire::append_ws_frame(wire::WsOpcode::kBinary, bytes, frame);
  return {{"JSON", json},
          {"packet", to_hex(bytes)},
          {"TCP", to_hex(tcp_frame(bytes))},
          {"WS", to_hex(frame)}};
}

Block down(const pb::Output& packet) {
  return down(packet.SerializeAsString(), wire::packet_to_json(packet));
}

pb::Input input(pb::PackageType type, std::int64_t request_id,
                const google::protobuf::Message* inner = nullptr) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  if (inner != nullptr) packet.set_data(inner->SerializeAsString());
  return packet;
}

pb::Output output(pb::PackageType type, std::int64_t request_id) {
  pb::Output packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  return packet;
}

pb::MessageItem hello() {
  pb::Text text;
  text.set_text("hello");
  pb::MessageItem item;
  item.set_request_id(7);
  item.set_sender_type(pb::ST_USER);
  item.set_sender_id(2);
  item.set_sender_device_id(21);
  item.set_receiver_type(pb::RT_USER);
  item.set_receiver_id(1);
  item.set_message_type(pb::MT_TEXT);
  item.set_message_content(text.SerializeAsString());
  item.set_send_time(1700000000000);
  item.set_status(pb::MS_NORMAL);
  return item;
}

std::map<std::string, Block> written() {
  pb::SignInInput who;
  who.set_device_id(11);
  who.set_user_id(1);
  who.set_token("abc");
  pb::SyncInput from;
  from.set_seq(5);
  pb::MessageACK ack;
  ack.set_device_ack(6);
  ack.set_receive_time(1700000000123);

  pb::Output refused = output(pb::PT_SIGN_IN, 1);
  refused.set_code(1003);
  refused.set_message("sign in again");
  pb::SyncOutput messages;
  *messages.add_messages() = hello();
  messages.mutable_messages(0)->set_seq(6);
  pb::Output synced = output(pb::PT_SYNC, 2);
  synced.set_data(messages.SerializeAsString());

  wire::Push push(hello());
  std::string pushed;
  std::string pushed_text;
  push.append_binary(Seq(300), pushed);
  push.append_text(Seq(300), pushed_text);
  return {{"sign-in", up(input(pb::PT_SIGN_IN, 1, &who))},
          {"sign-in-answer", down(output(pb::PT_SIGN_IN, 1))},
          {"sign-in-refused", down(refused)},
          {"sync", up(input(pb::PT_SYNC, 2, &from))},
          {"sync-answer", down(synced)},
          {"heartbeat", up(input(pb::PT_HEARTBEAT, 3))},
          {"heartbeat-answer", down(output(pb::PT_HEARTBEAT, 3))},
          {"push", down(pushed, pushed_text)},
          {"acknowledgement", up(input(pb::PT_MESSAGE, 4, &ack))}};
}

template <class Packet>
void check_read(const Block& block, wire::WsRole reader) {
  std::string bytes = from_hex(block.at("packet"));
  Packet packet;
  REQUIRE(packet.ParseFromString(bytes));

  std::string tcp = from_hex(block.at("TCP"));
  std::string_view rest = tcp;
  CHECK(wire::next_tcp_packet(rest) == bytes);
  CHECK(rest.empty());

  std::string frame = from_hex(block.at("WS"));
  wire::WsDecoder decoder(reader, wire::kMaxPacket);
  char* begin = frame.data();
  auto event = decoder.next(begin, frame.data() + frame.size());
  CHECK(event.kind == wire::WsEvent::Kind::kBinary);
  CHECK(event.payload == bytes);

  Packet from_text;
  REQUIRE(wire::packet_from_json(block.at("JSON"), from_text).ok());
  CHECK(wire::packet_to_json(from_text) == wire::packet_to_json(packet));
}

}  // namespace

TEST_CASE("the document's byte examples are what the encoders write") {
  auto document = read_vectors();
  auto expected = written();
  CHECK(document.size() == expected.size());
  for (const auto& [name, block] : expected) {
    CAPTURE(name);
    REQUIRE(document.count(name) == 1);
    for (const auto& [key, value] : block) {
      CAPTURE(key);
      CHECK(document[name][key] == value);
    }
    CHECK(document[name].size() == block.size());
  }
}

TEST_CASE("the document's byte examples are what the decoders read") {
  for (const auto& [name, block] : read_vectors()) {
    CAPTURE(name);
    bool is_up =
        name == "sign-in" || name == "sync" || name == "heartbeat" || name == "acknowledgement";
    if (is_up) {
      check_read<pb::Input>(block, wire::WsRole::kServer);
    } else {
      check_read<pb::Output>(block, wire::WsRole::kClient);
    }
  }
}
