// The client's rules of one long connection, without sockets: packets and the time in, packets and
// messages out.
//
//   kSigningIn ──answer──> kSyncing ──last SyncOutput──> kOnline ──> ended
//   (TCP only; a WebSocket's upgrade proved the credentials)
//
// The server shows an inbox in order and without a gap, but may show something again after a
// reconnection: what is not newer than the last seq is dropped here.
#pragma once

#include "pb/conn.ext.pb.h"

#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/wire/websocket.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace linnet::client {

// Why a connection is over, and whether connecting again is of any use.
struct End {
  Error error;
  bool terminal = false;
  std::optional<std::chrono::milliseconds> pause{};  // the server asks for it before the next try
};

struct SessionIdentity {
  UserId user;
  DeviceId device;
  std::string token;
};

struct SessionOptions {
  std::chrono::milliseconds heartbeat{300000};
  // Silence for this long after something was asked: the peer is taken for dead.
  std::chrono::milliseconds answer_timeout{10000};
};

// Thread: one. `now` never goes back.
class Session {
 public:
  using Time = std::chrono::milliseconds;
  enum class Door : std::uint8_t { kTcp, kWebSocket };

  // `last_seq`: the highest seq that the application has had.
  Session(SessionOptions options, SessionIdentity identity, Seq last_seq, Door door, Time now);

  void on_packet(const pb::Output& packet, Time now);
  // Something came, be it half a packet: the peer lives.
  void on_bytes(Time now);
  // Bytes that are no packet.
  void on_undecodable();
  // The close frame of a WebSocket.
  void on_close(wire::CloseCode code, std::string_view reason);
  // The connection broke or the peer closed it.
  void on_lost(Error error);
  // Heartbeats are sent and dead peers noticed here. Call at next_tick() or earlier.
  void on_tick(Time now);
  Time next_tick() const;

  // What has come for the application since the last call, in order. Each is to be answered with
  // delivered() once the application has it.
  std::vector<pb::MessageItem> take_messages();
  void delivered(const pb::MessageItem& item);
  // One acknowledgement for everything that was delivered since the last one, if anything was.
  void acknowledge(Millis wall);
  // What is to be sent, in order.
  std::vector<pb::Input> take_packets();

  // Synced: what comes from now on is new.
  bool online() const { return phase_ == Phase::kOnline; }
  // Once this is there, nothing else happens.
  const std::optional<End>& end() const { return end_; }
  Seq last_seq() const { return delivered_; }

 private:
  enum class Phase : std::uint8_t { kSigningIn, kSyncing, kOnline };

  void on_sign_in(const pb::Output& packet);
  void on_sync(const pb::Output& packet);
  void begin_after(Seq seq);
  void on_message(const pb::Output& packet);
  void take(const pb::MessageItem& item);
  void ask(pb::PackageType type, std::string data);
  void sync();
  void finish(Error error, bool terminal);

  SessionOptions options_;
  SessionIdentity identity_;
  Phase phase_;
  std::int64_t request_id_ = 0;  // of the newest request
  std::int64_t awaited_ = 0;     // the sign-in or sync that is not answered yet
  bool pinged_ = false;          // a heartbeat is not answered yet
  Seq taken_;                    // the highest seq given to take_messages()
  Seq delivered_;
  Seq acknowledged_;
  Time heard_;  // something came, or something was asked after an answer
  Time beat_;   // the last heartbeat
  std::vector<pb::MessageItem> messages_;
  std::vector<pb::Input> packets_;
  std::optional<End> end_;
};

// Of a WebSocket that was refused with an HTTP answer.
End judge_refusal(int http_status, std::string_view body);

}  // namespace linnet::client
