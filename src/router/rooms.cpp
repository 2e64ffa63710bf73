// The table of rooms, in stripes; what each shard does for its members is in room_shard.cpp. Locks
// are taken in this order: a stripe, a room, a shard's mailbox.
#include "linnet/router/rooms.hpp"

#include "pb/conn.ext.pb.h"
#include "pb/room.ext.pb.h"
#include "room_core.hpp"
#include "room_shard.hpp"

#include <array>
#include <utility>

namespace linnet::router {
namespace {

constexpr std::size_t kStripes = 64;
constexpr std::int64_t kSeqsPerMilli = 1000;
constexpr std::size_t kMaxIdle = 1024;  // rooms that nobody is in, remembered by each stripe

wire::SharedFramePtr frame_of(RoomId room, const pb::RoomItem& item) {
  pb::RoomMessages messages;
  messages.set_room_id(room.value());
  *messages.add_items() = item;
  pb::Output packet;
  packet.set_type(pb::PT_ROOM_MESSAGES);
  packet.set_request_id(item.request_id());
  packet.set_data(messages.SerializeAsString());
  return std::make_shared<const wire::SharedFrame>(packet);
}

}  // namespace

class Rooms::Impl {
 public:
  Impl(Shards& shards, const Clock& clock, RoomOptions options) : clock_(clock), options_(options) {
    for (auto& shard : shards)
      shards_.push_back(std::make_unique<RoomShard>(*shard, options_, totals_));
  }

  // A room and the lock on it.
  struct Locked {
    RoomCorePtr core;
    std::unique_lock<std::mutex> lock;
  };

  // Null core: there is none, and none was to be made.
  Locked lock(RoomId id) const {
    for (;;) {
      auto core = find(id);
      if (!core) return {};
      std::unique_lock lock(core->mutex);
      if (!core->forgotten) return {std::move(core), std::move(lock)};
    }
  }
  Locked lock_or_make(RoomId id) {
    for (;;) {
      auto core = find_or_make(id);
      std::unique_lock lock(core->mutex);
      if (!core->forgotten) return {std::move(core), std::move(lock)};
    }
  }

  RoomMember& join(RoomId id, UserId user, std::size_t shard, RoomOutlet& outlet,
                   HistoryWanted wanted, RoomPast& past, pb::RoomState& state) {
    auto [core, lock] = lock_or_make(id);
    core->enter(user, shard);
    past = core->history(wanted);
    state = core->state();
    return shards_[shard]->seat(core, user, outlet, core->seq(), core->changes());
  }

  void leave(RoomMember& member, std::size_t shard) {
    const RoomCorePtr core = member.room->core;
    const UserId user = member.user;
    shards_[shard]->unseat(member);
    bool empty = false;
    {
      std::lock_guard lock(core->mutex);
      core->leave(user, shard);
      core->quiet_since = clock_.steady();
      empty = core->empty();
    }
    if (empty) forget_if_idle(core->id);
  }

  Seq publish(RoomId id, pb::RoomItem item) {
    item.set_send_time(clock_.wall().value());
    auto [core, lock] = lock_or_make(id);
    core->quiet_since = clock_.steady();
    auto kept = core->append(std::move(item), options_);
    if (published_) published_(id, kept);
    if (core->empty()) return Seq(kept->seq());
    RoomParcel parcel;
    parcel.room = id;
    parcel.seq = Seq(kept->seq());
    parcel.priority = static_cast<std::size_t>(kept->priority());
    parcel.frame = frame_of(id, *kept);
    // Under the lock, so that every shard hears it in the same order.
    for (auto& shard : shards_)
      if (core->on_shard(shard->index())) shard->post(parcel);
    return parcel.seq;
  }

  void on_published(Published published) { published_ = std::move(published); }

  void restore(RoomId id, const std::vector<RoomItemPtr>& items) {
    if (items.empty()) return;
    auto [core, lock] = lock_or_make(id);
    core->restore(items, options_);
  }

  Seq put_out(RoomId id, UserId user, ErrCode why) {
    auto [core, lock] = this->lock(id);
    if (!core) return Seq(highest_.load());
    if (!user) core->forget_history();
    RoomParcel parcel;
    parcel.room = id;
    parcel.user = user;
    parcel.why = why;
    for (auto& shard : shards_)
      if (core->on_shard(shard->index())) shard->post(parcel);
    return core->seq();
  }

  std::size_t size() const {
    std::size_t rooms = 0;
    for (auto& stripe : stripes_) {
      std::lock_guard lock(stripe.mutex);
      rooms += stripe.rooms.size();
    }
    return rooms;
  }

  RoomShard& shard(std::size_t index) { return *shards_[index]; }
  std::uint64_t dropped() const { return totals_.dropped.load(std::memory_order_relaxed); }

 private:
  struct Stripe {
    mutable std::mutex mutex;
    std::unordered_map<RoomId, RoomCorePtr> rooms;
    std::chrono::milliseconds swept{0};
  };

  static std::size_t stripe_of(RoomId id) {
    return static_cast<std::size_t>(mix(static_cast<std::uint64_t>(id.value())) >> 58U);
  }

  RoomCorePtr find(RoomId id) const {
    const auto& stripe = stripes_[stripe_of(id)];
    std::lock_guard lock(stripe.mutex);
    auto found = stripe.rooms.find(id);
    return found == stripe.rooms.end() ? nullptr : found->second;
  }

  RoomCorePtr find_or_make(RoomId id) {
    auto& stripe = stripes_[stripe_of(id)];
    std::lock_guard lock(stripe.mutex);
    auto found = stripe.rooms.find(id);
    if (found != stripe.rooms.end()) return found->second;
    sweep(stripe);
    // The clock's microseconds: later than every seq of an earlier life of the room, as nobody says
    // a million messages a second; and than those that this process has seen, as the clock may go
    // back.
    const auto first = std::max(clock_.wall().value() * kSeqsPerMilli, highest_.load());
    auto core = std::make_shared<RoomCore>(id, shards_.size(), Seq(first), history_bytes_);
    core->quiet_since = clock_.steady();
    stripe.rooms.emplace(id, core);
    return core;
  }

  // With the stripe's lock. Rooms grow in number only by being made, so this is often enough.
  void sweep(Stripe& stripe) {
    const auto now = clock_.steady();
    if (now - stripe.swept < std::chrono::seconds(1)) return;
    stripe.swept = now;
    std::erase_if(stripe.rooms, [&](auto& entry) {
      RoomCore& core = *entry.second;
      std::lock_guard lock(core.mutex);
      core.forgotten = core.empty() && now - core.quiet_since >= options_.keep_empty;
      if (core.forgotten) note_end(core);
      return core.forgotten;
    });
  }

  void forget_if_idle(RoomId id) {
    auto& stripe = stripes_[stripe_of(id)];
    std::lock_guard lock(stripe.mutex);
    auto found = stripe.rooms.find(id);
    if (found == stripe.rooms.end()) return;
    const RoomCorePtr core = found->second;
    std::lock_guard core_lock(core->mutex);
    if (!core->empty()) return;
    if (core->remembered() > 0 && stripe.rooms.size() <= kMaxIdle) {
      if (!kept_too_much()) return;
      if (options_.refusals != nullptr)
        options_.refusals->count(Refusal::kRoomHistory, core->remembered());
    }
    core->forgotten = true;
    note_end(*core);
    stripe.rooms.erase(found);
  }

  void note_end(const RoomCore& core) {
    const auto seq = core.seq().value();
    for (auto known = highest_.load();
         known < seq && !highest_.compare_exchange_weak(known, seq);) {
    }
  }

  bool kept_too_much() const {
    return options_.history_bytes_in_all > 0 && *history_bytes_ > options_.history_bytes_in_all;
  }

  const Clock& clock_;
  const RoomOptions options_;
  RoomCore::Total history_bytes_ = std::make_shared<std::atomic<std::size_t>>(0);
  Published published_;
  RoomTotals totals_;
  std::atomic<std::int64_t> highest_{0};  // seq of a room that was forgotten
  std::vector<std::unique_ptr<RoomShard>> shards_;
  std::array<Stripe, kStripes> stripes_;
};

Rooms::Rooms(Shards& shards, const Clock& clock, RoomOptions options)
    : impl_(std::make_unique<Impl>(shards, clock, options)) {}
Rooms::~Rooms() = default;

RoomSeat Rooms::join(RoomId room, UserId user, Shard& shard, RoomOutlet& outlet,
                     HistoryWanted wanted, RoomPast& past, pb::RoomState& state) {
  RoomMember& member = impl_->join(room, user, shard.index(), outlet, wanted, past, state);
  return RoomSeat(*this, member, shard.index());
}

Seq Rooms::publish(RoomId room, pb::RoomItem item) {
  return impl_->publish(room, std::move(item));
}

void Rooms::on_published(Published published) {
  impl_->on_published(std::move(published));
}

bool Rooms::remembers(RoomId room) const {
  return impl_->lock(room).core != nullptr;
}

void Rooms::restore(RoomId room, const std::vector<RoomItemPtr>& items) {
  impl_->restore(room, items);
}

Seq Rooms::put_out(RoomId room, UserId user, ErrCode why) {
  return impl_->put_out(room, user, why);
}

bool Rooms::inside(RoomId room, UserId user) const {
  auto [core, lock] = impl_->lock(room);
  return core && core->inside(user);
}

std::vector<UserId> Rooms::users(RoomId room, UserId after, std::size_t limit) const {
  auto [core, lock] = impl_->lock(room);
  return core ? core->users(after, limit) : std::vector<UserId>();
}

pb::RoomState Rooms::state(RoomId room) const {
  auto [core, lock] = impl_->lock(room);
  if (core) return core->state();
  pb::RoomState none;
  none.set_room_id(room.value());
  return none;
}

RoomPast Rooms::history(RoomId room, HistoryWanted wanted) const {
  auto [core, lock] = impl_->lock(room);
  return core ? core->history(wanted) : RoomPast();
}

std::uint64_t Rooms::dropped() const {
  return impl_->dropped();
}

std::size_t Rooms::size() const {
  return impl_->size();
}

RoomSeat::RoomSeat(RoomSeat&& other) noexcept
    : rooms_(std::exchange(other.rooms_, nullptr)), member_(other.member_), shard_(other.shard_) {}

RoomSeat& RoomSeat::operator=(RoomSeat&& other) noexcept {
  if (this != &other) {
    release();
    rooms_ = std::exchange(other.rooms_, nullptr);
    member_ = other.member_;
    shard_ = other.shard_;
  }
  return *this;
}

RoomSeat::~RoomSeat() {
  release();
}

void RoomSeat::release() {
  if (auto* rooms = std::exchange(rooms_, nullptr)) rooms->impl_->leave(*member_, shard_);
}

RoomId RoomSeat::room() const {
  return member_->room->core->id;
}

bool RoomSeat::closed() const {
  return member_->closed;
}

void RoomSeat::resume() {
  if (rooms_ != nullptr) rooms_->impl_->shard(shard_).serve(*member_);
}

}  // namespace linnet::router
