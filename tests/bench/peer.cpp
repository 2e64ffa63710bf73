#include "peer.hpp"

#include "http.hpp"

#include <optional>

namespace linnet::bench {
namespace {

// The fields of a protobuf message, one after the other.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : bytes_(bytes) {}

  bool next() {
    if (bytes_.empty()) return false;
    auto key = varint();
    number_ = key >> 3U;
    view_ = {};
    value_ = 0;
    switch (key & 7U) {
      case 0: value_ = varint(); break;
      case 1: skip(8); break;
      case 2: view_ = skip(varint()); break;
      case 5: skip(4); break;
      default: malformed();
    }
    return true;
  }
  std::uint64_t number() const { return number_; }
  std::int64_t value() const { return static_cast<std::int64_t>(value_); }
  std::string_view view() const { return view_; }

 private:
  [[noreturn]] static void malformed() { throw std::runtime_error("malformed protobuf"); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
      auto byte = static_cast<unsigned char>(bytes_.front());
      bytes_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) return value;
    }
    malformed();
  }
  std::string_view skip(std::uint64_t count) {
    if (count > bytes_.size()) malformed();
    auto skipped = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return skipped;
  }

  std::string_view bytes_;
  std::uint64_t number_ = 0;
  std::uint64_t value_ = 0;
  std::string_view view_;
};

std::string handshake(const test::TestUser& user) {
  return "GET /ws?user_id=" + std::to_string(user.id.value()) +
         "&device_id=" + std::to_string(user.device.value()) + "&token=" + user.token +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
}

std::string sign_in_data(const test::TestUser& user) {
  pb::SignInInput sign_in;
  sign_in.set_user_id(user.id.value());
  sign_in.set_device_id(user.device.value());
  sign_in.set_token(user.token);
  return sign_in.SerializeAsString();
}

}  // namespace

const char* name_of(Door door) {
  return door == Door::kTcp ? "TCP" : "WebSocket";
}

Down read_down(std::string_view packet) {
  Down down;
  for (Fields fields(packet); fields.next();) {
    switch (fields.number()) {
      case 1: down.type = static_cast<int>(fields.value()); break;
      case 2: down.request_id = fields.value(); break;
      case 3: down.code = fields.value(); break;
      case 5: down.data = fields.view(); break;
      default: break;
    }
  }
  return down;
}

Item read_pushed(std::string_view data) {
  Item item;
  for (Fields message(data); message.next();) {
    if (message.number() != 1) continue;
    for (Fields fields(message.view()); fields.next();) {
      if (fields.number() == 1) item.request_id = fields.value();
      if (fields.number() == 10) item.seq = fields.value();
    }
  }
  return item;
}

std::string frame(Door door, pb::PackageType type, std::int64_t request_id,
                  const std::string& data) {
  pb::Input packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  packet.set_data(data);
  std::string framed;
  if (door == Door::kTcp) {
    wire::append_tcp_frame(packet.SerializeAsString(), framed);
  } else {
    wire::append_masked_ws_frame(wire::WsOpcode::kBinary, packet.SerializeAsString(), 0x12345678U,
                                 framed);
  }
  return framed;
}

Peer::Peer(Door door, Poller& poller, std::size_t tag, Ports ports, const test::TestUser& user)
    : door_(door),
      state_(door == Door::kTcp ? State::kSigningIn : State::kUpgrading),
      link_(poller, tag, door == Door::kTcp ? ports.tcp : ports.http) {
  link_.send(door == Door::kTcp ? frame(door, pb::PT_SIGN_IN, 1, sign_in_data(user))
                                : handshake(user));
}

bool Peer::upgraded() {
  std::string_view rest(link_.received());
  auto reply = next_reply(rest);
  if (!reply) return false;
  if (reply->status != 101) throw std::runtime_error("the server refuses a WebSocket");
  link_.received().erase(0, link_.received().size() - rest.size());
  sync();
  return true;
}

void Peer::sync() {
  state_ = State::kSyncing;
  link_.send(frame(door_, pb::PT_SYNC, 2, pb::SyncInput().SerializeAsString()));
}

void Peer::on_first(const Down& down) {
  if (state_ == State::kSigningIn && down.type == pb::PT_SIGN_IN) {
    sync();
  } else if (state_ == State::kSyncing && down.type == pb::PT_SYNC) {
    state_ = State::kReady;  // inboxes are short here: one packet answers
  }
}

}  // namespace linnet::bench
