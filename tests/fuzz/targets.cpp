// The bodies of the fuzz targets.
#include "fuzz/targets.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/logic.ext.pb.h"

#include "linnet/wire/json.hpp"
#include "linnet/wire/push.hpp"
#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#include <nlohmann/json.hpp>

#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace linnet::fuzz {
namespace {

void require(bool promise, const char* what) {
  if (!promise) throw std::logic_error(what);
}

// The first byte of an input steers the target, the rest is what it eats.
unsigned take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}

struct SeenEvent {
  wire::WsEvent::Kind kind;
  std::string payload;
  wire::CloseCode code;
  bool operator==(const SeenEvent&) const = default;
};

std::vector<SeenEvent> decode(std::string_view input, wire::WsRole role, std::size_t chunk) {
  constexpr std::size_t kMaxMessage = 4096;
  wire::WsDecoder decoder(role, kMaxMessage);
  std::vector<SeenEvent> events;
  std::string buffer;
  while (!input.empty()) {
    buffer += input.substr(0, chunk);
    input.remove_prefix(std::min(chunk, input.size()));
    char* begin = buffer.data();
    char* end = begin + buffer.size();
    for (;;) {
      wire::WsEvent event = decoder.next(begin, end);
      require(begin >= buffer.data() && begin <= end, "the decoder left its bytes");
      if (event.kind == wire::WsEvent::Kind::kNeedMore) break;
      require(event.payload.size() <= kMaxMessage, "the message is over the limit");
      events.push_back({event.kind, std::string(event.payload), event.code});
      bool last =
          event.kind == wire::WsEvent::Kind::kClose || event.kind == wire::WsEvent::Kind::kError;
      if (last) return events;
    }
    buffer.erase(0, static_cast<std::size_t>(begin - buffer.data()));
  }
  return events;
}

template <class Packet>
void packet_json_both_ways(std::string_view input) {
  Packet packet;
  if (Status status = wire::packet_from_json(input, packet); !status) {
    require(status.code() == ErrCode::kBadRequest, "an error with another code");
    require(wire::is_utf8(status.error().message()), "an error that is not UTF-8");
    return;
  }
  std::string once = wire::packet_to_json(packet);
  Packet again;
  require(wire::packet_from_json(once, again).ok(), "a packet that was written is not read");
  require(wire::packet_to_json(again) == once, "a packet has changed on the way");
}

template <class Message>
void json_both_ways(std::string_view input) {
  Message message;
  if (Status status = wire::from_json(input, message); !status) {
    require(status.code() == ErrCode::kBadRequest, "an error with another code");
    require(wire::is_utf8(status.error().message()), "an error that is not UTF-8");
    return;
  }
  std::string once = wire::to_json(message);
  Message again;
  require(wire::from_json(once, again).ok(), "a message that was written is not read");
  require(wire::to_json(again) == once, "a message has changed on the way");
}

}  // namespace

void tcp_framing(std::string_view input) {
  std::size_t chunk = 1 + take_byte(input);
  std::vector<std::string> whole;
  std::string encoded;
  std::string_view rest = input;
  while (auto packet = wire::next_tcp_packet(rest)) {
    whole.emplace_back(*packet);
    require(wire::append_tcp_frame(*packet, encoded), "a packet is too large for its frame");
  }
  encoded += rest;
  require(encoded == input, "the frames do not encode back");

  std::vector<std::string> cut;
  std::string buffer;
  while (!input.empty()) {
    buffer += input.substr(0, chunk);
    input.remove_prefix(std::min(chunk, input.size()));
    std::string_view bytes = buffer;
    while (auto packet = wire::next_tcp_packet(bytes))
      cut.emplace_back(*packet);
    buffer.erase(0, buffer.size() - bytes.size());
  }
  require(cut == whole, "the packets depend on how the bytes were cut");
}

void ws_decoder(std::string_view input) {
  unsigned steer = take_byte(input);
  auto role = (steer & 1U) != 0 ? wire::WsRole::kServer : wire::WsRole::kClient;
  std::size_t chunk = 1 + (steer >> 1U);
  require(decode(input, role, input.size()) == decode(input, role, chunk),
          "the events depend on how the bytes were cut");
}

void packet_json(std::string_view input) {
  packet_json_both_ways<pb::Input>(input);
  packet_json_both_ways<pb::Output>(input);
}

void request_json(std::string_view input) {
  json_both_ways<pb::SendMessageReq>(input);
  json_both_ways<pb::SyncOutput>(input);
}

void push(std::string_view input) {
  std::int64_t number = 0;
  if (input.size() < sizeof number) return;
  std::memcpy(&number, input.data(), sizeof number);
  input.remove_prefix(sizeof number);
  pb::MessageItem item;
  if (!item.ParseFromArray(input.data(), static_cast<int>(input.size()))) return;

  wire::Push made(item);
  item.set_seq(number);
  pb::Message inner;
  *inner.mutable_message() = item;
  pb::Output expected;
  expected.set_type(pb::PT_MESSAGE);
  expected.set_request_id(item.request_id());
  expected.set_data(inner.SerializeAsString());

  std::string bytes;
  made.append_binary(Seq(number), bytes);
  pb::Output output;
  pb::Message pushed;
  require(output.ParseFromString(bytes), "the push is no packet");
  require(pushed.ParseFromString(output.data()), "the push is no message");
  require(pushed.SerializeAsString() == expected.data(), "the push has another message");
  output.clear_data();
  std::string expected_text = wire::packet_to_json(expected);
  expected.clear_data();
  require(output.SerializeAsString() == expected.SerializeAsString(), "the push differs");

  std::string text;
  made.append_text(Seq(number), text);
  auto tree = nlohmann::json::parse(text, nullptr, false);
  require(!tree.is_discarded(), "the text of the push is no JSON");
  require(tree == nlohmann::json::parse(expected_text), "the text of the push differs");
}

}  // namespace linnet::fuzz
