#include "room_book.hpp"

#include <utility>

namespace linnet::logic {
namespace {

void fill(RoomRecord& record, store::RoomRights rights) {
  record.loaded = true;
  record.room = std::move(rights.room);
  record.users.clear();
  for (const auto& user : rights.users)
    record.users[user.user] = user;
}

// With what the reading gave, unless the room was made meanwhile.
void finish_loading(const RoomRecordPtr& record, Result<store::RoomRights> rights) {
  std::vector<Done<RoomRecordPtr>> waiting;
  bool loaded = false;
  {
    std::lock_guard lock(record->mutex);
    record->loading = false;
    if (rights && !record->loaded) fill(*record, std::move(*rights));
    loaded = record->loaded;
    waiting.swap(record->waiting);
  }
  for (auto& done : waiting) {
    if (loaded) {
      done(record);
    } else {
      done(rights.error());
    }
  }
}

}  // namespace

RoomBook::Stripe& RoomBook::stripe_of(RoomId room) {
  return stripes_[mix(static_cast<std::uint64_t>(room.value())) >> 58U];
}

RoomRecordPtr RoomBook::at(RoomId room) {
  auto& stripe = stripe_of(room);
  std::lock_guard lock(stripe.mutex);
  auto found = stripe.records.find(room);
  if (found != stripe.records.end()) return found->second;
  // Copies are made under this lock only: a record with one owner stays with one owner.
  if (stripe.records.size() >= kIdle)
    std::erase_if(stripe.records, [](const auto& entry) { return entry.second.use_count() == 1; });
  auto record = std::make_shared<RoomRecord>();
  stripe.records.emplace(room, record);
  return record;
}

RoomRecordPtr RoomBook::find(RoomId room) {
  RoomRecordPtr record;
  {
    auto& stripe = stripe_of(room);
    std::lock_guard lock(stripe.mutex);
    auto found = stripe.records.find(room);
    if (found == stripe.records.end()) return nullptr;
    record = found->second;
  }
  std::lock_guard lock(record->mutex);
  return record->loaded ? record : nullptr;
}

void RoomBook::load(RoomId room, Done<RoomRecordPtr> done) {
  auto record = at(room);
  {
    std::unique_lock lock(record->mutex);
    if (record->loaded) {
      lock.unlock();
      done(std::move(record));
      return;
    }
    record->waiting.push_back(std::move(done));
    if (std::exchange(record->loading, true)) return;
  }
  store_.room_rights(room, [record](Result<store::RoomRights> rights) {
    finish_loading(record, std::move(rights));
  });
}

void RoomBook::made(const store::Room& room, UserId owner) {
  store::RoomRights rights;
  rights.room = room;
  if (owner) {
    auto& user = rights.users.emplace_back();
    user.user = owner;
    user.role = 2;  // pb.RR_OWNER
  }
  auto record = at(room.id);
  std::lock_guard lock(record->mutex);
  fill(*record, std::move(rights));
}

void RoomBook::changed(const store::Room& room) {
  auto record = at(room.id);
  std::lock_guard lock(record->mutex);
  if (record->loaded) record->room = room;
}

void RoomBook::changed(RoomId room, const store::RoomUser& user) {
  auto record = at(room);
  std::lock_guard lock(record->mutex);
  if (!record->loaded) return;
  if (!record->room) {
    // A server's word about a user of it has made it.
    record->room.emplace();
    record->room->id = room;
  }
  record->users[user.user] = user;
}

void RoomBook::deleted(RoomId room) {
  auto record = at(room);
  std::lock_guard lock(record->mutex);
  record->room.reset();
  record->users.clear();
}

}  // namespace linnet::logic
