// Live rooms, in memory: who is in which, what is said in them, handed to every member. Publishing
// costs one post for each shard that has members; a member costs a cursor in its shard's log.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/base/shard.hpp"
#include "linnet/wire/shared_frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace pb {
class RoomItem;
class RoomState;
}  // namespace pb

namespace linnet::router {

struct RoomOptions {
  // Of each room on each shard, for members that are slow; a moment's peak may be twice that.
  std::size_t log_bytes = 512 * 1024;
  std::size_t log_entries = 1000;
  // All logs' together; 0: no limit. Beyond it a room in which something is said keeps nothing for
  // the slow.
  std::size_t log_bytes_in_all = 256 * 1024 * 1024;
  // Kept for those who come later.
  std::size_t history_entries = 50;
  std::size_t history_bytes = 48 * 1024;
  // All rooms' together; 0: no limit. Beyond it a room that nobody is in is forgotten at once, and
  // one in which something is said keeps that alone.
  std::size_t history_bytes_in_all = 256 * 1024 * 1024;
  std::chrono::milliseconds pace{0};            // between the beginnings of two passes
  std::chrono::milliseconds state_every{5000};  // how often a changed state is told
  std::chrono::milliseconds keep_empty{60000};  // the history of a room that nobody is in
  Refusals* refusals = nullptr;                 // counts what the limits of all together cost
};

// A member's connection. Called on its shard; must neither block nor release a RoomSeat.
class RoomOutlet {
 public:
  virtual ~RoomOutlet() = default;
  // Whether it takes more now. When it does again after it did not: RoomSeat::resume().
  virtual bool room_ready() const = 0;
  virtual void send_run(const wire::FrameRunPtr& run) = 0;
  // A hint: its turn comes shortly, what it needs then may be fetched into the cache.
  virtual void room_soon() const {}
  // So many messages were left out before what is sent next.
  virtual void room_dropped(RoomId room, std::uint64_t count) = 0;
  // Put out: nothing more of the room comes. The seat is to be released soon.
  virtual void room_closed(RoomId room, ErrCode why) = 0;
};

struct RoomMember;
class Rooms;

// One is in the room as long as its seat lives. Thread: the shard's.
class RoomSeat {
 public:
  RoomSeat() = default;
  RoomSeat(RoomSeat&& other) noexcept;
  RoomSeat& operator=(RoomSeat&& other) noexcept;
  ~RoomSeat();
  void release();
  RoomId room() const;
  // Its member was put out.
  bool closed() const;
  // The outlet is ready again: hands it what came meanwhile.
  void resume();

 private:
  friend class Rooms;
  RoomSeat(Rooms& rooms, RoomMember& member, std::size_t shard)
      : rooms_(&rooms), member_(&member), shard_(shard) {}
  Rooms* rooms_ = nullptr;
  RoomMember* member_ = nullptr;
  std::size_t shard_ = 0;
};

using RoomItemPtr = std::shared_ptr<const pb::RoomItem>;

struct HistoryWanted {
  Seq since;                // what is newer
  std::size_t entries = 0;  // at most
};

struct RoomPast {
  std::vector<RoomItemPtr> items;  // ascending
  bool complete = false;           // nothing after `since` is missing
};

// The shards must outlive the users of the rooms but may be stopped and destroyed before these.
class Rooms {
 public:
  Rooms(Shards& shards, const Clock& clock, RoomOptions options);
  ~Rooms();

  // Takes a seat: `outlet` gets whatever is said after `state.seq`. Thread: the shard's.
  RoomSeat join(RoomId room, UserId user, Shard& shard, RoomOutlet& outlet, HistoryWanted wanted,
                RoomPast& past, pb::RoomState& state);
  // Hands `item` to all members, in the same order to each, and returns its seq. Its seq and time
  // are set here. Thread: any.
  Seq publish(RoomId room, pb::RoomItem item);

  // Called with all that is published, in the order of a room's seqs, on the publisher's thread; it
  // must not block. Before anything is published.
  using Published = std::function<void(RoomId, const RoomItemPtr&)>;
  void on_published(Published published);
  // Whether anything of the room is in memory. Thread: any.
  bool remembers(RoomId room) const;
  // Gives a room its history of an earlier life, ascending, unless it has begun a new one already.
  // Thread: any.
  void restore(RoomId room, const std::vector<RoomItemPtr>& items);

  // Puts `user` out, on every connection; 0: everybody, and forgets what was said. Whoever has
  // taken a seat before this is put out before anything that is published after it. Returns a seq:
  // what was said before this has none above it, what is said later has. Thread: any.
  Seq put_out(RoomId room, UserId user, ErrCode why);

  // Whether `user` is in the room with any connection; who is, ascending, after `after`, at most
  // `limit`. Thread: any.
  bool inside(RoomId room, UserId user) const;
  std::vector<UserId> users(RoomId room, UserId after, std::size_t limit) const;
  // Of a room that nobody is in and nobody remembers, zeros. Thread: any.
  pb::RoomState state(RoomId room) const;
  RoomPast history(RoomId room, HistoryWanted wanted) const;
  // Messages that were left out for slow members so far. Thread: any.
  std::uint64_t dropped() const;
  // Rooms that take memory now. Thread: any.
  std::size_t size() const;

 private:
  friend class RoomSeat;
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet::router
