// A device that stays connected over restarts of the server.
#pragma once

#include "support/load.hpp"

#include "linnet/wire/goodbye.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace linnet::test {

// Of the devices: theirs are the inboxes that are written to.
inline constexpr std::size_t kReaders = 1000;

struct Device {
  TestUser user;
  LogId log = 0;
};

// A device's connection, and what it knows beyond it. Thread: one at a time.
class Member {
 public:
  Member(const World& world, const Device& device, std::size_t number, History& history)
      : world_(world),
        device_(device),
        reads_(number < kReaders),
        door_(number % 10 == 9  ? LongConnection::Door::kWebSocketJson
              : number % 2 == 0 ? LongConnection::Door::kTcp
                                : LongConnection::Door::kWebSocket),
        history_(history),
        groups_(world, history) {}

  void connect(Ports ports) {
    connection_.emplace(LongConnection::sign_in(door_, ports.tcp, ports.http, device_.user));
    said_.reset();
    stream_ = history_.begin(device_.log, seq_);
    pb::SyncInput request;
    request.set_seq(seq_);
    connection_->send(pb::PT_SYNC, 1, request.SerializeAsString());
  }
  bool connected() const { return connection_.has_value(); }
  int handle() { return connection_->socket().handle(); }

  // Takes what is there; false when that is the end.
  bool read() {
    for (int i = 0; i < kAtOnce && connection_->socket().readable(std::chrono::milliseconds(0));
         ++i) {
      auto packet = connection_->receive();
      if (!packet) return false;
      take(*packet);
    }
    return true;
  }
  // The pause that the server asked for with its last word; forgets the connection.
  std::optional<std::chrono::milliseconds> goodbye() {
    if (connection_->close_code() == wire::CloseCode::kGoingAway)
      said_ = connection_->close_reason();
    connection_.reset();
    return said_ ? wire::pause_in(*said_) : std::nullopt;
  }

  // What came without being asked for. Thread: any.
  std::size_t pushed() const { return pushed_; }

  std::chrono::steady_clock::time_point due;  // to come back

 private:
  // Packets, before it is another device's turn.
  static constexpr int kAtOnce = 64;

  void take(const pb::Output& packet) {
    if (packet.type() == pb::PT_SIGN_IN && packet.code() == pb::EC_SHUTTING_DOWN)
      said_ = packet.message();
    if (!reads_) return;
    if (packet.type() == pb::PT_SYNC) {
      pb::SyncOutput answer;
      if (packet.code() != 0) throw Refused(packet.code(), "sync refused: " + packet.message());
      if (!answer.ParseFromString(packet.data())) throw ProtocolError("no SyncOutput");
      for (const auto& item : answer.messages())
        take(item);
      if (!answer.has_more()) history_.caught_up(stream_);
    } else if (packet.type() == pb::PT_MESSAGE) {
      pb::Message message;
      if (!message.ParseFromString(packet.data())) throw ProtocolError("no Message");
      ++pushed_;
      if (!groups_.take(message.message())) take(message.message());
    }
  }
  void take(const pb::MessageItem& item) {
    const auto own = world_.own_entries[static_cast<std::size_t>(device_.log - inbox_log(0))];
    history_.received(stream_, entry_of(world_, item, own));
    seq_ = item.seq();
  }

  const World& world_;
  const Device& device_;
  bool reads_;
  LongConnection::Door door_;
  History& history_;
  std::optional<LongConnection> connection_;
  std::optional<std::string> said_;
  History::Stream stream_ = 0;
  GroupEar groups_;
  std::int64_t seq_ = 0;
  std::atomic<std::size_t> pushed_ = 0;
};

}  // namespace linnet::test
