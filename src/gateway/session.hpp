// The rules of one long connection, without sockets: packets and events in, calls on the host out.
//
//   kNew ──SIGN_IN──> kSigningIn ──> kActive ──> kEnded          (a WebSocket begins at start(),
//   its credentials proved)
//
// While kActive, how the inbox flows:
//
//   kWaiting ──first SYNC, or the grace is over──> kReading <──> kFull
//                                                     │ ^
//                            everything has been sent v │ a gap, or more unsent than the budget
//                                                    kLive
//
// cursor_ is the last seq that the device was sent (or sent itself). In kLive a push is sent only
// if it is the next one; anything else is read from the store, so that what was lost, late or too
// much never shows as a gap or a repeat.
#pragma once

#include "schedule.hpp"

#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/router/router.hpp"
#include "linnet/store/types.hpp"
#include "linnet/user/identity.hpp"
#include "linnet/wire/push.hpp"
#include "linnet/wire/shared_frame.hpp"
#include "linnet/wire/websocket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pb {
class Input;
class Output;
}  // namespace pb

namespace linnet::gateway {

struct SessionOptions {
  std::chrono::milliseconds sign_in_timeout{10000};
  std::chrono::milliseconds sync_grace{2000};
  std::chrono::milliseconds tcp_idle{660000};  // 11 minutes: the lineage's clients beat every 5
  std::chrono::milliseconds ws_idle{720000};
  std::chrono::milliseconds stream_heartbeat{15000};  // proxies close what is silent for a minute
  std::size_t outbox_bytes = 256 * 1024;  // unsent bytes at which a session falls behind
  std::size_t page_entries = 100;
  Rate packets{500, 2000};               // beyond it the socket is read later
  Rate bytes{1024 * 1024, 1024 * 1024};  // likewise
  std::uint8_t calls_at_once = 16;       // with more under way the socket is read later
  std::size_t rooms_per_connection = 16;
  std::size_t room_bytes = 64 * 1024;  // unsent bytes at which the rooms wait
  std::size_t all_unsent_bytes = 0;    // and unprocessed, of a shard's connections; 0: no limit
  bool io_uring = true;                // where the kernel serves it
};

// What a session asks of its surroundings. Every call is on the shard; the answers come back
// through the session's on_… functions, later or at once, on the shard too.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual void authenticate(user::Credentials credentials) = 0;  // -> on_authenticated
  virtual void find_head(UserId user) = 0;                       // -> on_head
  virtual void find_start(UserId user, Seq seq) = 0;             // -> on_start
  // Where a device begins that asks for more than there is.                 -> on_start
  virtual void find_restart(UserId user, DeviceId device) = 0;
  virtual void read(UserId user, Seq after, store::PageLimit limit) = 0;  // -> on_page
  virtual void acknowledge(UserId user, DeviceId device, Seq seq) = 0;
  virtual router::Attachment attach(UserId user, DeviceId device, router::Outlet& outlet) = 0;
  virtual void confirm(user::Identity identity) = 0;                        // -> on_confirmed
  virtual void follow_groups(UserId user) = 0;                              // -> on_following
  virtual void detached(DeviceId device) = 0;                               // after its last packet
  virtual void call(user::Identity identity, const pb::Input& packet) = 0;  // -> on_called

  virtual void send(const pb::Output& packet) = 0;
  virtual void send_push(Seq seq, const wire::Push& push) = 0;
  virtual void send_run(const wire::FrameRunPtr& run) = 0;
  // A hint that a run comes shortly.
  virtual void run_soon() const = 0;
  // A signed-in device says something about live rooms.
  virtual void on_room_packet(const pb::Input& packet) = 0;
  virtual std::size_t unsent() const = 0;
  // Send what is unsent, then close. Called once.
  virtual void end(wire::CloseCode code, std::string_view reason) = 0;
};

// Thread: the shard's.
class Session final : public router::Outlet {
 public:
  Session(SessionHost& host, const SessionOptions& options, std::chrono::milliseconds now)
      : host_(host), options_(options), since_(now), last_seen_(now) {}

  // A connection whose credentials were proved before it began (WebSocket).
  void start(user::Identity identity, std::int64_t request_id);
  // One that only listens: what comes after `seq` (as in a SyncInput) is pushed from the first on,
  // nothing is asked or answered.
  void start_stream(user::Identity identity, Seq seq);

  // While busy() no packet may be given: an answer is awaited, too much is unsent, or the sender is
  // too fast.
  bool busy() const;
  // Its sender is read later, as too much came from it: until a sweep finds that it may go on.
  bool put_off() const { return put_off_; }
  void on_packet(const pb::Input& packet, std::chrono::milliseconds now);
  // So many bytes were read.
  void on_bytes(std::size_t count, std::chrono::milliseconds now);
  // Bytes that are no packet; ends the connection.
  void on_undecodable(std::string_view reason);

  void on_authenticated(Result<user::Identity> identity);
  void on_head(Result<Seq> head);
  // The token held still when the session could first be told of its end; or it did not.
  void on_confirmed(Result<user::Identity> identity);
  // The device hears of its user's large groups from now on, or cannot: then the session ends, so
  // that the client tries again.
  void on_following(Status following);
  void on_start(Result<Seq> start);
  void on_page(Result<store::InboxPage> page);
  // One call has been answered.
  void on_called();
  // Everything unsent has been sent.
  void on_drained();
  // Nothing more is read; calls under way are answered still.
  void drain() { draining_ = true; }
  bool calling() const { return calls_ > 0; }
  // The peer has gone, or the server ends: forget everything, say nothing.
  void on_closed();
  // Looks what has become late. `idle` is how long this kind of connection may be silent. Whether
  // it ended for want of a sign-in.
  bool on_sweep(std::chrono::milliseconds now, std::chrono::milliseconds idle);
  // Before this time on_sweep() does nothing, unless the session is told something else before.
  std::chrono::milliseconds due(std::chrono::milliseconds idle) const;

  void deliver(Seq seq, const wire::PushPtr& push) override;
  void deliver_live(Seq seq, const wire::PushPtr& push) override;
  void dismissed(ErrCode why) override;

  bool ended() const { return state_ == State::kEnded; }
  user::Identity identity() const { return identity_; }

 private:
  enum class State : std::uint8_t { kNew, kSigningIn, kActive, kEnded };
  enum class Flow : std::uint8_t { kWaiting, kReading, kFull, kLive };

  void on_sign_in(const pb::Input& packet);
  void on_sync(const pb::Input& packet);
  void on_acknowledgement(const pb::Input& packet);
  void refuse(const pb::Input& packet, std::string_view reason);
  void fail(const Error& error);
  void end(wire::CloseCode code, std::string_view reason);
  void detach();
  void begin_sync(Seq seq);
  void read_on();
  void send_page_as_answer(const store::InboxPage& page, bool has_more);
  void send_page_as_pushes(const store::InboxPage& page);

  SessionHost& host_;
  const SessionOptions& options_;
  router::Attachment attachment_;
  user::Identity identity_;
  Seq cursor_;
  Seq newest_;       // highest seq that was heard of
  Seq stream_from_;  // where a stream begins
  std::int64_t sign_in_request_ = 0;
  std::int64_t sync_request_ = 0;
  std::chrono::milliseconds since_;      // accepted, then signed in
  std::chrono::milliseconds last_seen_;  // last packet
  Schedule packets_;
  Schedule bytes_;
  std::uint8_t calls_ = 0;  // under way
  State state_ = State::kNew;
  Flow flow_ = Flow::kWaiting;
  bool attached_ = false;
  bool put_off_ = false;
  bool answering_sync_ = false;
  Seq asked_;  // by the sync that is answered, which begins behind after_
  Seq after_;
  bool tell_after_ = false;
  bool restarted_ = false;  // it asked for more than there was
  bool starting_ = false;   // where the sync begins is not known yet
  bool reading_ = false;    // a page is under way
  bool stale_ = false;      // that page begins where the device was before it asked for a sync
  bool stream_ = false;
  bool draining_ = false;
  bool told_signed_in_ = false;  // TCP is answered, a WebSocket's upgrade was the answer
};

}  // namespace linnet::gateway
