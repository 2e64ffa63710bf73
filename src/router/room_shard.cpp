#include "room_shard.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/room.ext.pb.h"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <limits>

namespace linnet::router {
namespace {

constexpr std::size_t kSlice = 512;  // members between two looks at the sockets

constexpr std::size_t kRunBytes = 64 * 1024;  // handed over between two looks at room_ready()
constexpr std::size_t kAhead = 4;             // members fetched before their turn

wire::FrameRun run_of(const pb::RoomState& state) {
  pb::Output packet;
  packet.set_type(pb::PT_ROOM_STATE);
  packet.set_data(state.SerializeAsString());
  return wire::FrameRun(std::make_shared<const wire::SharedFrame>(packet));
}

}  // namespace

void RoomShard::post(RoomParcel parcel) {
  bool wake = false;
  {
    std::lock_guard lock(mutex_);
    wake = mailbox_.empty();
    mailbox_.push_back(std::move(parcel));
  }
  if (wake) shard_.post([this] { empty_mailbox(); });
}

void RoomShard::empty_mailbox() {
  std::vector<RoomParcel> parcels;
  {
    std::lock_guard lock(mutex_);
    parcels.swap(mailbox_);
  }
  for (const auto& parcel : parcels)
    take(parcel);
  if (!queue_.empty()) begin_passes();
}

void RoomShard::take(const RoomParcel& parcel) {
  auto found = rooms_.find(parcel.room);
  if (found == rooms_.end()) return;  // the last member has just left
  ShardRoom& room = *found->second;
  if (!parcel.frame) {
    put_out(room, parcel.user, parcel.why);
    return;
  }
  // All members have joined after it was said.
  if (parcel.seq <= room.log.newest()) return;
  room.log.append(parcel.seq, parcel.priority, parcel.frame);
  mark(room);
  if (!room.log.overdue()) return;
  // More came than a pass's pace allows for: nobody who is fast enough must lose any of it.
  auto all = std::numeric_limits<std::size_t>::max();
  room.at = 0;
  pass(room, all);
  end_pass(room);
}

RoomMember& RoomShard::seat(const RoomCorePtr& core, UserId user, RoomOutlet& outlet, Seq cursor,
                            std::uint64_t state) {
  auto& room = rooms_[core->id];
  if (!room) {
    room = std::make_unique<ShardRoom>(core,
                                       RoomLog::Limits{options_.log_bytes, options_.log_entries});
  }
  auto member = std::make_unique<RoomMember>();
  member->outlet = &outlet;
  member->room = room.get();
  member->user = user;
  member->cursor = cursor;
  member->state = state;
  member->place = room->members.size();
  room->members.push_back(std::move(member));
  tell_states_later();
  return *room->members.back();
}

void RoomShard::unseat(RoomMember& member) {
  ShardRoom& room = *member.room;
  const auto place = member.place;
  auto& last = room.members.back();
  // The last one takes the place, where a pass under way may have been already.
  last->place = place;
  if (place < room.at && place + 1 < room.members.size()) {
    room.again = true;
    room.everyone_has = std::min(room.everyone_has, last->cursor);
  }
  room.members[place].swap(last);
  room.members.pop_back();
  room.at = std::min(room.at, room.members.size());
  const RoomId id = room.core->id;
  if (room.members.empty()) rooms_.erase(id);
}

void RoomShard::put_out(ShardRoom& room, UserId user, ErrCode why) {
  for (const auto& member : room.members) {
    if (member->closed || (user && member->user != user)) continue;
    member->closed = true;
    // Nothing is kept for it any more.
    member->cursor = Seq(std::numeric_limits<std::int64_t>::max());
    member->outlet->room_closed(room.core->id, why);
  }
}

// Hands over as much as the outlet takes; the rest when it is ready again.
void RoomShard::serve(RoomMember& member) {
  if (member.closed) return;
  ShardRoom& room = *member.room;
  RoomOutlet& outlet = *member.outlet;
  while (member.cursor < room.log.newest() && outlet.room_ready()) {
    const auto& next = next_run(room, member.cursor);
    member.cursor = next.to;
    if (next.dropped > 0) {
      dropped_.fetch_add(next.dropped, std::memory_order_relaxed);
      outlet.room_dropped(room.core->id, next.dropped);
    }
    if (!next.run.empty()) outlet.send_run(next.run);
  }
  if (member.state < room.state && outlet.room_ready()) {
    member.state = room.state;
    outlet.send_run(room.state_run);
  }
}

// Most members have the same cursor: what comes next for one is kept for those after it.
const RoomNext& RoomShard::next_run(ShardRoom& room, Seq cursor) {
  RoomNext& next = room.next;
  if (next.from == cursor && next.newest == room.log.newest()) return next;
  next = RoomNext{cursor, cursor, room.log.newest(), 0, {}};
  while (next.run.size() < kRunBytes) {
    Seq at = next.to;
    std::uint64_t dropped = 0;
    auto frame = room.log.next(at, dropped);
    // What is missing is told before what follows it.
    if (dropped > 0 && !next.run.empty()) break;
    next.dropped += dropped;
    next.to = at;
    if (!frame) break;
    next.run.add(std::move(frame));
  }
  return next;
}

void RoomShard::mark(ShardRoom& room) {
  room.again = true;
  if (room.queued) return;
  room.queued = true;
  queue_.push_back(room.core->id);
}

void RoomShard::begin_passes() {
  if (passing_) return;
  const auto now = std::chrono::steady_clock::now();
  const auto wait =
      std::chrono::ceil<std::chrono::milliseconds>(passes_began_ + options_.pace - now);
  if (wait.count() <= 0) {
    passes_began_ = now;
    pass_slice();
    return;
  }
  passing_ = true;
  after(wait, &RoomShard::paced_pass);
}

void RoomShard::paced_pass() {
  passes_began_ = std::chrono::steady_clock::now();
  pass_slice();
}

// Begins at the first room of the queue and comes back for the rest in a later turn. A room to
// which more came meanwhile waits behind the others, so that a loud one starves none.
void RoomShard::pass_slice() {
  passing_ = false;
  std::size_t most = kSlice;
  for (auto rooms = queue_.size(); rooms > 0; --rooms) {
    const RoomId id = queue_.front();
    auto found = rooms_.find(id);
    if (found != rooms_.end()) {
      ShardRoom& room = *found->second;
      if (!pass(room, most)) {
        pass_later();
        return;
      }
      end_pass(room);
      room.queued = room.again;
      if (room.again) queue_.push_back(id);
    }
    queue_.pop_front();
  }
  if (queue_.empty()) return;
  if (options_.pace.count() > 0) {
    begin_passes();
  } else {
    pass_later();
  }
}

void RoomShard::pass_later() {
  passing_ = true;
  shard_.post([this] { pass_slice(); });
}

bool RoomShard::pass(ShardRoom& room, std::size_t& most) {
  if (room.at == 0) {
    room.everyone_has = room.log.newest();
    room.again = false;
  }
  for (; room.at < room.members.size(); ++room.at) {
    if (most == 0) return false;
    --most;
    if (room.at + kAhead < room.members.size())
      __builtin_prefetch(room.members[room.at + kAhead].get());
    auto& member = *room.members[room.at];
    serve(member);
    room.everyone_has = std::min(room.everyone_has, member.cursor);
  }
  return true;
}

void RoomShard::end_pass(ShardRoom& room) {
  room.at = 0;
  room.next = {};
  room.log.forget(room.everyone_has);
  room.log.trim();
}

void RoomShard::tell_states_later() {
  if (telling_ || rooms_.empty()) return;
  telling_ = true;
  after(options_.state_every, &RoomShard::tell_states);
}

void RoomShard::tell_states() {
  telling_ = false;
  for (auto& [id, room] : rooms_) {
    pb::RoomState state;
    {
      std::lock_guard lock(room->core->mutex);
      if (room->core->changes() == room->state) continue;
      room->state = room->core->changes();
      state = room->core->state();
    }
    room->state_run = run_of(state);
    mark(*room);
  }
  if (!queue_.empty()) begin_passes();
  tell_states_later();
}

// The timer belongs to its handler, and so goes with the shard's context.
void RoomShard::after(std::chrono::milliseconds delay, void (RoomShard::*task)()) {
  auto timer = std::make_shared<boost::asio::steady_timer>(shard_.context(), delay);
  timer->async_wait([this, timer, task](boost::system::error_code error) {
    if (!error) (this->*task)();
  });
}

}  // namespace linnet::router
