#include "room_shard.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/room.ext.pb.h"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <limits>

namespace linnet::router {
namespace {

constexpr std::size_t kSlice = 512;  // members between two looks at the sockets
// Bytes for which a member counts once more: 512 sends of 8 KB would take 5 ms.
constexpr std::size_t kManyBytes = 2048;
// While anybody talks: shorter slices, and a rest after each, this many times as long.
constexpr std::size_t kSliceBeside = 128;
constexpr int kRest = 1;
constexpr std::chrono::milliseconds kLongestRest{2};

constexpr std::size_t kRunBytes = 64 * 1024;  // handed over between two looks at room_ready()
// Places fetched before their turn: the outlet, then what it leads to.
constexpr std::size_t kFarAhead = 8;
constexpr std::size_t kAhead = 4;

wire::FrameRunPtr run_of(const pb::RoomState& state) {
  pb::Output packet;
  packet.set_type(pb::PT_ROOM_STATE);
  packet.set_data(state.SerializeAsString());
  return std::make_shared<const wire::FrameRun>(std::make_shared<const wire::SharedFrame>(packet));
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
    const RoomLog::Limits limits{options_.log_bytes, options_.log_entries,
                                 options_.log_bytes_in_all};
    room = std::make_unique<ShardRoom>(core, limits, totals_.log_bytes);
  }
  auto member = std::make_unique<RoomMember>();
  member->room = room.get();
  member->user = user;
  member->place = room->places.size();
  room->places.push_back({&outlet, cursor, state, std::move(member)});
  tell_states_later();
  return *room->places.back().member;
}

void RoomShard::unseat(RoomMember& member) {
  ShardRoom& room = *member.room;
  const auto place = member.place;
  auto& last = room.places.back();
  // The last one takes the place, where a pass under way may have been already.
  last.member->place = place;
  if (place < room.at && place + 1 < room.places.size()) {
    room.again = true;
    room.everyone_has = std::min(room.everyone_has, last.cursor);
  }
  std::swap(room.places[place], last);
  room.places.pop_back();
  room.at = std::min(room.at, room.places.size());
  const RoomId id = room.core->id;
  if (room.places.empty()) rooms_.erase(id);
}

void RoomShard::put_out(ShardRoom& room, UserId user, ErrCode why) {
  for (auto& place : room.places) {
    if (place.member->closed || (user && place.member->user != user)) continue;
    place.member->closed = true;
    // Nothing is kept for it any more, nor told.
    place.cursor = Seq(std::numeric_limits<std::int64_t>::max());
    place.state = std::numeric_limits<std::uint64_t>::max();
    place.outlet->room_closed(room.core->id, why);
  }
}

void RoomShard::serve(RoomMember& member) {
  serve(*member.room, member.room->places[member.place]);
}

// Hands over as much as the outlet takes; the rest when it is ready again.
std::size_t RoomShard::serve(ShardRoom& room, RoomPlace& place) {
  RoomOutlet& outlet = *place.outlet;
  std::size_t bytes = 0;
  while (place.cursor < room.log.newest() && outlet.room_ready()) {
    const auto& next = next_run(room, place.cursor);
    place.cursor = next.to;
    if (next.dropped > 0) {
      totals_.dropped.fetch_add(next.dropped, std::memory_order_relaxed);
      outlet.room_dropped(room.core->id, next.dropped);
    }
    if (!next.run) continue;
    bytes += next.run->size();
    outlet.send_run(next.run);
  }
  if (place.state < room.state && outlet.room_ready()) {
    place.state = room.state;
    outlet.send_run(room.state_run);
  }
  return bytes;
}

// Most members have the same cursor: what comes next for one is kept for those after it.
const RoomNext& RoomShard::next_run(ShardRoom& room, Seq cursor) {
  RoomNext& next = room.next;
  if (next.from == cursor && next.newest == room.log.newest()) return next;
  next = RoomNext{cursor, cursor, room.log.newest(), 0, nullptr};
  auto run = std::make_shared<wire::FrameRun>();
  while (run->size() < kRunBytes) {
    Seq at = next.to;
    std::uint64_t dropped = 0;
    auto frame = room.log.next(at, dropped);
    // What is missing is told before what follows it.
    if (dropped > 0 && !run->empty()) break;
    next.dropped += dropped;
    next.to = at;
    if (!frame) break;
    run->add(std::move(frame));
  }
  if (!run->empty()) next.run = std::move(run);
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
  slice_began_ = std::chrono::steady_clock::now();
  std::size_t most = shard_.talk().goes_on(slice_began_) ? kSliceBeside : kSlice;
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
  shard_.at_turn_end([this] { rest_and_pass(); });
}

// The outlets have sent by now what the slice gave them: that is in the time that it took. What
// else the shard did meanwhile is too, so there is a limit.
void RoomShard::rest_and_pass() {
  const auto now = std::chrono::steady_clock::now();
  const auto rest = std::min<Talk::Duration>(
      shard_.talk().rest_after(now - slice_began_, kRest, now), kLongestRest);
  if (rest.count() > 0) {
    after(rest, &RoomShard::pass_slice);
  } else {
    pass_slice();
  }
}

bool RoomShard::pass(ShardRoom& room, std::size_t& most) {
  if (room.at == 0) {
    room.everyone_has = room.log.newest();
    room.again = false;
  }
  for (; room.at < room.places.size(); ++room.at) {
    if (most == 0) return false;
    if (room.at + kFarAhead < room.places.size()) {
      __builtin_prefetch(room.places[room.at + kFarAhead].outlet);
      room.places[room.at + kAhead].outlet->room_soon();
    }
    auto& place = room.places[room.at];
    const auto bytes = serve(room, place);
    most -= std::min(most, 1 + bytes / kManyBytes);
    room.everyone_has = std::min(room.everyone_has, place.cursor);
  }
  return true;
}

void RoomShard::end_pass(ShardRoom& room) {
  room.at = 0;
  room.next = {};
  room.log.forget(room.everyone_has);
  const auto evicted = room.log.trim();
  if (evicted > 0 && options_.refusals != nullptr)
    options_.refusals->count(Refusal::kRoomLog, evicted);
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
void RoomShard::after(std::chrono::steady_clock::duration delay, void (RoomShard::*task)()) {
  auto timer = std::make_shared<boost::asio::steady_timer>(shard_.context(), delay);
  timer->async_wait([this, timer, task](boost::system::error_code error) {
    if (!error) (this->*task)();
  });
}

}  // namespace linnet::router
