#include "peer.hpp"

#include "dialect.hpp"
#include "fields.hpp"

#include <optional>

namespace linnet::bench {
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

Item read_item(std::string_view bytes) {
  Item item;
  for (Fields fields(bytes); fields.next();) {
    switch (fields.number()) {
      case 1: item.request_id = fields.value(); break;
      case 5: item.receiver_type = static_cast<int>(fields.value()); break;
      case 10: item.seq = fields.value(); break;
      default: break;
    }
  }
  return item;
}

Item read_pushed(std::string_view data) {
  Item item;
  for (Fields message(data); message.next();)
    if (message.number() == 1) item = read_item(message.view());
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

std::string web_socket_target(const Account& user) {
  return "/ws?user_id=" + std::to_string(user.id.value()) +
         "&device_id=" + std::to_string(user.device.value()) + "&token=" + user.token;
}

std::string sign_in_data(const Account& user) {
  pb::SignInInput sign_in;
  sign_in.set_user_id(user.id.value());
  sign_in.set_device_id(user.device.value());
  sign_in.set_token(user.token);
  return sign_in.SerializeAsString();
}

Peer::Peer(Door door, Poller& poller, std::size_t tag, const Doors& doors, const Account& user,
           std::int64_t after)
    : door_(door),
      state_(door == Door::kTcp ? State::kSigningIn : State::kUpgrading),
      after_(after),
      link_(poller, tag, door == Door::kTcp ? doors.tcp : doors.http) {
  link_.send(door == Door::kTcp ? frame(door, pb::PT_SIGN_IN, 1, sign_in_data(user))
                                : upgrade_request(web_socket_target(user)));
}

bool Peer::upgraded() {
  std::string_view rest(link_.received());
  if (!take_upgrade(rest)) return false;
  link_.received().erase(0, link_.received().size() - rest.size());
  sync();
  return true;
}

void Peer::sync() {
  state_ = State::kSyncing;
  pb::SyncInput request;
  request.set_seq(after_);
  link_.send(frame(door_, pb::PT_SYNC, 2, request.SerializeAsString()));
}

void Peer::on_first(const Down& down) {
  if (state_ == State::kSigningIn && down.type == pb::PT_SIGN_IN) {
    sync();
  } else if (state_ == State::kSyncing && down.type == pb::PT_SYNC) {
    bool more = false;
    for (Fields page(down.data); page.next();) {
      if (page.number() == 3) ++synced_;
      if (page.number() == 50) more = page.value() != 0;
    }
    if (!more) state_ = State::kReady;
  }
}

}  // namespace linnet::bench
