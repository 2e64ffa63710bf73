#include "dialect.hpp"

#include "fields.hpp"
#include "http.hpp"
#include "pb/room.ext.pb.h"

namespace linnet::bench {
namespace {

constexpr std::int64_t kRoom = 1;

// Takes a framed packet; whether it is there.
bool next_packet(Door door, std::string_view& received, std::string_view& packet) {
  if (door == Door::kTcp) {
    auto next = wire::next_tcp_packet(received);
    if (next) packet = *next;
    return next.has_value();
  }
  auto frame = next_ws_frame(received);
  packet = frame.payload;
  return frame.there;
}

// The contents of the messages of a PT_ROOM_MESSAGES.
void read_room_messages(std::string_view data, const OnPayload& on_payload) {
  for (Fields messages(data); messages.next();) {
    if (messages.number() != 2) continue;
    for (Fields item(messages.view()); item.next();)
      if (item.number() == 5) on_payload(item.view());
  }
}

void take_room_messages(Door door, std::string_view& received, const OnPayload& on_payload) {
  std::string_view packet;
  while (next_packet(door, received, packet)) {
    auto down = read_down(packet);
    if (down.code != 0) throw std::runtime_error("the server refuses a packet");
    if (down.type == pb::PT_ROOM_MESSAGES) read_room_messages(down.data, on_payload);
  }
}

class LinnetDialect final : public Dialect {
 public:
  LinnetDialect(Door door, const std::vector<Account>& users) : door_(door), users_(users) {}

  std::string hello(std::size_t place) const override {
    const auto& user = users_.at(place);
    return door_ == Door::kTcp ? frame(door_, pb::PT_SIGN_IN, 1, sign_in_data(user))
                               : upgrade_request(web_socket_target(user));
  }

  // In turn to: the sign-in, the sync, the subscription.
  Answer answer(std::size_t /*place*/, std::size_t step,
                std::string_view& received) const override {
    if (step == 0 && door_ == Door::kWebSocket) {
      Answer answer;
      answer.whole = take_upgrade(received);
      answer.say = frame(door_, pb::PT_SYNC, 2, pb::SyncInput().SerializeAsString());
      return answer;
    }
    std::string_view packet;
    if (!next_packet(door_, received, packet)) return {};
    auto down = read_down(packet);
    if (down.code != 0) throw std::runtime_error("the server refuses a packet");
    Answer answer;
    answer.whole = true;
    if (step == 0) {
      answer.say = frame(door_, pb::PT_SYNC, 2, pb::SyncInput().SerializeAsString());
    } else if (step == 1) {
      pb::RoomSubscribeInput subscribe;
      subscribe.set_room_id(kRoom);
      subscribe.set_history(-1);
      answer.say = frame(door_, pb::PT_ROOM_SUBSCRIBE, 3, subscribe.SerializeAsString());
    } else {
      answer.ready = true;
    }
    return answer;
  }

  void take(std::string_view& received, const OnPayload& on_payload) const override {
    take_room_messages(door_, received, on_payload);
  }

  std::string publish(std::uint64_t number, std::string_view payload) const override {
    pb::RoomPublishInput publish;
    publish.set_room_id(kRoom);
    publish.set_message_type(pb::MT_CUSTOM);
    publish.set_message_content(payload.data(), payload.size());
    return frame(door_, pb::PT_ROOM_PUBLISH, static_cast<std::int64_t>(number + 1),
                 publish.SerializeAsString());
  }
  bool publisher_hears() const override { return true; }

 private:
  Door door_;
  const std::vector<Account>& users_;
};

class FloorDialect final : public Dialect {
 public:
  FloorDialect(Door door, std::size_t members) : door_(door), members_(members) {}

  std::string hello(std::size_t place) const override {
    if (place == members_) return "PUBLISH\r\n\r\n";
    return door_ == Door::kTcp ? "JOIN\r\n\r\n" : upgrade_request("/");
  }

  Answer answer(std::size_t /*place*/, std::size_t /*step*/,
                std::string_view& received) const override {
    Answer answer;
    answer.whole = take_upgrade(received);
    answer.ready = answer.whole;
    return answer;
  }

  void take(std::string_view& received, const OnPayload& on_payload) const override {
    take_room_messages(door_, received, on_payload);
  }

  // Four bytes with the length of what is to be sent, and that.
  std::string publish(std::uint64_t number, std::string_view payload) const override {
    const auto framed = frame_of(number, payload);
    std::string command;
    for (int shift = 24; shift >= 0; shift -= 8)
      command += static_cast<char>(framed.size() >> static_cast<unsigned>(shift));
    return command + framed;
  }

 private:
  // As it comes out of Linnet, with ids of the same length.
  std::string frame_of(std::uint64_t number, std::string_view payload) const {
    pb::RoomMessages messages;
    messages.set_room_id(kRoom);
    auto& item = *messages.add_items();
    item.set_seq(static_cast<std::int64_t>(kSomeMillis + number));
    item.set_sender_type(pb::ST_USER);
    item.set_sender_id(static_cast<std::int64_t>(members_ + 1));
    item.set_message_type(pb::MT_CUSTOM);
    item.set_message_content(payload.data(), payload.size());
    item.set_send_time(static_cast<std::int64_t>(kSomeMillis));
    item.set_request_id(static_cast<std::int64_t>(number + 1));
    pb::Output packet;
    packet.set_type(pb::PT_ROOM_MESSAGES);
    packet.set_request_id(item.request_id());
    packet.set_data(messages.SerializeAsString());
    std::string framed;
    if (door_ == Door::kTcp) {
      wire::append_tcp_frame(packet.SerializeAsString(), framed);
    } else {
      wire::append_ws_frame(wire::WsOpcode::kBinary, packet.SerializeAsString(), framed);
    }
    return framed;
  }

  static constexpr std::uint64_t kSomeMillis = 1'700'000'000'000;
  Door door_;
  std::size_t members_;
};

}  // namespace

std::unique_ptr<Dialect> linnet_dialect(Door door, const std::vector<Account>& users) {
  return std::make_unique<LinnetDialect>(door, users);
}

std::unique_ptr<Dialect> floor_dialect(Door door, std::size_t members) {
  return std::make_unique<FloorDialect>(door, members);
}

WsFrame next_ws_frame(std::string_view& bytes) {
  if (bytes.size() < 2) return {};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const auto opcode = byte(0) & 0x0FU;
  if ((byte(0) & 0xF0U) != 0x80U || (opcode != 1 && opcode != 2) || (byte(1) & 0x80U) != 0)
    throw std::runtime_error("a WebSocket frame that is no message");
  std::size_t length = byte(1);
  std::size_t head = 2;
  if (length > 125) {
    const std::size_t more = length == 126 ? 2 : 8;
    head += more;
    if (bytes.size() < head) return {};
    length = 0;
    for (std::size_t at = 2; at < head; ++at)
      length = length << 8U | byte(at);
  }
  if (bytes.size() - head < length) return {};
  WsFrame frame{true, bytes.substr(head, length)};
  bytes.remove_prefix(head + length);
  return frame;
}

std::string upgrade_request(const std::string& target) {
  return "GET " + target +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

bool take_upgrade(std::string_view& received) {
  auto reply = next_reply(received);
  if (!reply) return false;
  if (reply->status != 101)
    throw std::runtime_error("the server refuses a WebSocket: " + std::to_string(reply->status) +
                             " " + std::string(reply->body));
  return true;
}

}  // namespace linnet::bench
