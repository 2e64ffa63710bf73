// The live rooms that one connection is in: its PT_ROOM packets, and what the rooms hand it. Made
// with the first such packet, so that who is in no room pays nothing.
#pragma once

#include "pb/conn.ext.pb.h"
#include "session.hpp"

#include "linnet/base/shard.hpp"
#include "linnet/logic/rooms.hpp"
#include "linnet/router/rooms.hpp"
#include "linnet/user/identity.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace linnet::gateway {

// Thread: the shard's.
class RoomSeats final : public router::RoomOutlet, public std::enable_shared_from_this<RoomSeats> {
 public:
  RoomSeats(SessionHost& host, const SessionOptions& options, logic::Rooms& rooms,
            user::Identity identity, Shard& shard, std::function<void()> loaded)
      : host_(host),
        options_(options),
        rooms_(rooms),
        identity_(identity),
        shard_(shard),
        loaded_(std::move(loaded)) {}

  // Not while the rights in a room are being read; `loaded` is called when they have been.
  void on_packet(const pb::Input& packet);
  bool loading() const { return loading_; }
  // Everything unsent has been sent: the rooms hand on what waited for that.
  void on_drained();

  bool room_ready() const override { return host_.unsent() <= options_.room_bytes; }
  void send_run(const wire::FrameRunPtr& run) override { host_.send_run(run); }
  void room_soon() const override { host_.run_soon(); }
  void room_dropped(RoomId room, std::uint64_t count) override;
  void room_closed(RoomId room, ErrCode why) override;

 private:
  struct Seat {
    router::RoomSeat seat;
    logic::RoomRecordPtr record;
  };

  void subscribe(const pb::Input& packet);
  void on_loaded(const pb::Input& packet, Result<logic::RoomRecordPtr> record);
  void enter(const pb::Input& packet, const pb::RoomSubscribeInput& request,
             logic::RoomRecordPtr record);
  void leave(RoomId room);
  void unsubscribe(const pb::Input& packet);
  void publish(const pb::Input& packet);
  void refuse(const pb::Input& packet, const Error& error);
  std::vector<Seat>::iterator find(RoomId room);

  SessionHost& host_;
  const SessionOptions& options_;
  logic::Rooms& rooms_;
  user::Identity identity_;
  Shard& shard_;
  std::vector<Seat> seats_;
  std::function<void()> loaded_;
  bool loading_ = false;   // the rights in a room, for a subscription
  std::size_t first_ = 0;  // who is served first next time, so that a loud room starves no other
};

}  // namespace linnet::gateway
