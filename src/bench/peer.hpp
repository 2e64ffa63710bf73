// A long connection of the load generator, over either door, and the little that it reads of what
// comes down it.
#pragma once

#include "address.hpp"
#include "link.hpp"
#include "pb/conn.ext.pb.h"

#include "linnet/base/ids.hpp"
#include "linnet/wire/tcp.hpp"
#include "linnet/wire/websocket.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace linnet::bench {

enum class Door : std::uint8_t { kTcp, kWebSocket };
const char* name_of(Door door);

// A user, signed in on a device.
struct Account {
  UserId id;
  DeviceId device;
  std::string token;
};

// An Output. Views into the packet.
struct Down {
  int type = 0;
  std::int64_t request_id = 0;
  std::int64_t code = 0;
  std::string_view data;
};
// A MessageItem.
struct Item {
  std::int64_t request_id = 0;
  int receiver_type = 0;
  std::int64_t seq = 0;
};
// By hand, since protobuf's objects would cost more than all the rest here. Throw when malformed.
Down read_down(std::string_view packet);
Item read_item(std::string_view bytes);
// Of the data of a PT_MESSAGE.
Item read_pushed(std::string_view data);

// An Input with its frame.
std::string frame(Door door, pb::PackageType type, std::int64_t request_id,
                  const std::string& data);

// What proves who one is: of a WebSocket's request, and the data of a PT_SIGN_IN.
std::string web_socket_target(const Account& user);
std::string sign_in_data(const Account& user);

// An answer or a goodbye with a code.
struct Refused : std::runtime_error {
  explicit Refused(const Down& down)
      : std::runtime_error("the server refuses a packet of type " + std::to_string(down.type) +
                           " with " + std::to_string(down.code)),
        code(down.code) {}
  std::int64_t code;
};

class Peer {
 public:
  // Connects and begins to sign in; the first handle() calls do the rest, as apps do it: sign in,
  // wait for the answer, sync what came after the message `after`.
  Peer(Door door, Poller& poller, std::size_t tag, const Doors& doors, const Account& user,
       std::int64_t after = 0);

  bool ready() const { return state_ == State::kReady; }
  // Messages that the first sync gave.
  std::size_t synced() const { return synced_; }
  void reset_at_end() { link_.reset_at_end(); }
  void send(std::string_view framed) { link_.send(framed); }
  // Handles an event; `on_packet(Down)` for each packet from the first sync's on.
  template <class OnPacket>
  void handle(std::uint32_t events, OnPacket&& on_packet) {
    link_.handle(events);
    if (state_ == State::kUpgrading && !upgraded()) return;
    if (door_ == Door::kTcp) {
      take_tcp(on_packet);
    } else {
      take_web_socket(on_packet);
    }
  }

 private:
  enum class State : std::uint8_t { kUpgrading, kSigningIn, kSyncing, kReady };

  bool upgraded();
  void sync();
  void on_first(const Down& down);

  template <class OnPacket>
  void take(std::string_view packet, OnPacket& on_packet) {
    auto down = read_down(packet);
    if (down.code != 0) throw Refused(down);
    const bool first = !ready();
    if (first) on_first(down);
    if (!first || down.type == pb::PT_SYNC) on_packet(down);
  }
  template <class OnPacket>
  void take_tcp(OnPacket& on_packet) {
    auto& bytes = link_.received();
    std::string_view rest(bytes);
    while (auto packet = wire::next_tcp_packet(rest))
      take(*packet, on_packet);
    bytes.erase(0, bytes.size() - rest.size());
  }
  template <class OnPacket>
  void take_web_socket(OnPacket& on_packet) {
    auto& bytes = link_.received();
    char* at = bytes.data();
    char* end = at + bytes.size();
    for (;;) {
      auto event = decoder_.next(at, end);
      if (event.kind == wire::WsEvent::Kind::kNeedMore) break;
      if (event.kind != wire::WsEvent::Kind::kBinary)
        throw std::runtime_error("a WebSocket frame that is no packet");
      take(event.payload, on_packet);
    }
    bytes.erase(0, static_cast<std::size_t>(at - bytes.data()));
  }

  Door door_;
  State state_;
  std::int64_t after_;
  std::size_t synced_ = 0;
  Link link_;
  wire::WsDecoder decoder_{wire::WsRole::kClient, 1U << 20U};
};

}  // namespace linnet::bench
