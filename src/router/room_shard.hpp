// The rooms of one shard: their logs, their members, and the passes in which each member is handed
// what came after its cursor. A pass works in slices, between which the shard serves its sockets.
#pragma once

#include "room_core.hpp"
#include "room_log.hpp"

#include "linnet/router/rooms.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace linnet::router {

struct ShardRoom;

// What of a member does not change from message to message.
struct RoomMember {
  ShardRoom* room = nullptr;
  UserId user;
  std::size_t place = 0;  // among the room's
  bool closed = false;    // put out: its seat is about to be released
};

// What a pass reads and writes of a member: two of them to a cache line, one behind the other.
struct RoomPlace {
  RoomOutlet* outlet = nullptr;
  Seq cursor;
  std::uint64_t state = 0;  // which state it was told
  std::unique_ptr<RoomMember> member;
};

// What a member with a certain cursor is handed next.
struct RoomNext {
  Seq from;
  Seq to;
  Seq newest;                 // of the log when it was made: what comes later is not in it
  std::uint64_t dropped = 0;  // missing before it
  wire::FrameRunPtr run;      // null: nothing
};

struct ShardRoom {
  ShardRoom(RoomCorePtr shared, RoomLog::Limits limits, std::atomic<std::size_t>& logs)
      : core(std::move(shared)), log(limits, logs) {}
  RoomCorePtr core;
  RoomLog log;
  std::vector<RoomPlace> places;
  std::uint64_t state = 0;  // changes of the core that state_run tells
  wire::FrameRunPtr state_run;
  RoomNext next;
  std::size_t at = 0;   // the pass under way: the place that is next
  Seq everyone_has;     // what all members have that it has visited
  bool queued = false;  // a pass is under way or waits
  bool again = false;   // something came that the pass under way may miss
};

// What was said, or, without a frame, who is put out.
struct RoomParcel {
  RoomId room;
  Seq seq;
  std::size_t priority = 0;
  wire::SharedFramePtr frame;
  UserId user;  // 0: everybody
  ErrCode why = ErrCode::kSuccess;
};

// What the shards count together.
struct RoomTotals {
  std::atomic<std::uint64_t> dropped{0};  // messages that slow members missed
  std::atomic<std::size_t> log_bytes{0};
};

// Thread: the shard's, but for post().
class RoomShard {
 public:
  RoomShard(Shard& shard, const RoomOptions& options, RoomTotals& totals)
      : shard_(shard), options_(options), totals_(totals) {}

  void post(RoomParcel parcel);

  // The core counts the member already; it has everything up to `cursor`.
  RoomMember& seat(const RoomCorePtr& core, UserId user, RoomOutlet& outlet, Seq cursor,
                   std::uint64_t state);
  void unseat(RoomMember& member);
  void serve(RoomMember& member);
  std::size_t index() const { return shard_.index(); }

 private:
  void empty_mailbox();
  void take(const RoomParcel& parcel);
  void put_out(ShardRoom& room, UserId user, ErrCode why);
  // The bytes that were handed over.
  std::size_t serve(ShardRoom& room, RoomPlace& place);
  const RoomNext& next_run(ShardRoom& room, Seq cursor);
  void mark(ShardRoom& room);
  // At once, or as long after the last beginning as the pace asks for.
  void begin_passes();
  void paced_pass();
  void pass_slice();
  void pass_later();
  void rest_and_pass();
  // Visits at most `most` members; whether the pass is complete.
  bool pass(ShardRoom& room, std::size_t& most);
  void end_pass(ShardRoom& room);
  void tell_states();
  void tell_states_later();
  void after(std::chrono::steady_clock::duration delay, void (RoomShard::*task)());

  Shard& shard_;
  const RoomOptions& options_;
  RoomTotals& totals_;
  std::unordered_map<RoomId, std::unique_ptr<ShardRoom>> rooms_;
  std::deque<RoomId> queue_;  // rooms to pass over
  bool passing_ = false;      // a slice is posted, or the pace's timer runs
  std::chrono::steady_clock::time_point passes_began_{};
  std::chrono::steady_clock::time_point slice_began_{};
  bool telling_ = false;  // the timer of tell_states() runs
  std::mutex mutex_;
  std::vector<RoomParcel> mailbox_;
};

}  // namespace linnet::router
