#include "support/memory_store.hpp"

#include <algorithm>

namespace linnet::test {

using namespace store;

MemoryStore::RoomRecord* MemoryStore::room_to_edit(RoomId room, bool make, Millis now) {
  auto it = rooms_.find(room);
  if (it != rooms_.end()) return &it->second;
  if (!make) return nullptr;
  auto& record = rooms_[room];
  record.room.id = room;
  record.room.created = now;
  record.room.updated = now;
  return &record;
}

void MemoryStore::create_room(Room room, UserId owner, Done<RoomId> done) {
  call<RoomId>(
      [&]() -> Result<RoomId> {
        if (erased_.contains(owner)) return Error(ErrCode::kUserNotExist);
        if (rooms_.contains(room.id)) return Error(ErrCode::kRoomAlreadyExist);
        if (!room.id) {
          room.id = RoomId(kFirstRoom);
          while (rooms_.contains(room.id) || room_items_.contains(room.id))
            room.id = RoomId(room.id.value() + 1);
        }
        auto& record = rooms_[room.id];
        record.room = room;
        if (owner) {
          record.users[owner].user = owner;
          record.users[owner].role = 2;
        }
        return room.id;
      },
      std::move(done));
}

void MemoryStore::room_rights(RoomId room, Done<RoomRights> done) {
  call<RoomRights>(
      [&] {
        RoomRights rights;
        auto it = rooms_.find(room);
        if (it == rooms_.end()) return rights;
        rights.room = it->second.room;
        for (const auto& [id, user] : it->second.users)
          rights.users.push_back(user);
        return rights;
      },
      std::move(done));
}

void MemoryStore::edit_room(RoomId room, RoomEdit edit, Done<Room> done) {
  call<Room>(
      [&]() -> Result<Room> {
        auto* record = room_to_edit(room, edit.make, edit.now);
        if (record == nullptr) return Error(ErrCode::kRoomNotExist);
        auto may = may_act(edit.actor, record->role_of(edit.actor.user));
        if (!may) return may.take_error();
        auto& changed = record->room;
        changed.name = edit.name.value_or(changed.name);
        changed.publish = edit.publish.value_or(changed.publish);
        changed.slow_s = edit.slow_s.value_or(changed.slow_s);
        changed.muted_until = edit.muted_until.value_or(changed.muted_until);
        changed.updated = edit.now;
        return changed;
      },
      std::move(done));
}

void MemoryStore::edit_room_user(RoomId room, RoomUserEdit edit, Done<RoomUser> done) {
  call<RoomUser>(
      [&]() -> Result<RoomUser> {
        auto* record = room_to_edit(room, edit.make, edit.now);
        if (record == nullptr) return Error(ErrCode::kRoomNotExist);
        auto may =
            may_act(edit.actor, record->role_of(edit.actor.user), record->role_of(edit.user));
        if (!may) return may.take_error();
        const auto known = record->users.find(edit.user);
        if (known == record->users.end() && record->users.size() >= edit.most)
          return Error(ErrCode::kTooLarge);
        RoomUser user = known == record->users.end() ? RoomUser() : known->second;
        user.user = edit.user;
        user.role = edit.role.value_or(user.role);
        user.muted_until = edit.muted_until.value_or(user.muted_until);
        user.banned_until = edit.banned_until.value_or(user.banned_until);
        if (user.role == 0 && user.muted_until <= edit.now && user.banned_until <= edit.now) {
          record->users.erase(edit.user);
        } else {
          record->users[edit.user] = user;
        }
        return user;
      },
      std::move(done));
}

void MemoryStore::keep_room_item(RoomId room, RoomItem item, std::size_t, Done<Unit> done) {
  call<Unit>(
      [&] {
        room_items_[room].push_back(std::move(item));
        return Unit{};
      },
      std::move(done));
}

void MemoryStore::room_items(RoomId room, std::size_t most, Done<std::vector<RoomItem>> done) {
  call<std::vector<RoomItem>>(
      [&] {
        const auto& all = room_items_[room];
        const auto count = static_cast<std::ptrdiff_t>(std::min(most, all.size()));
        return std::vector<RoomItem>(all.end() - count, all.end());
      },
      std::move(done));
}

void MemoryStore::delete_room(RoomId room, RoomActor actor, Done<Unit> done) {
  call<Unit>(
      [&]() -> Result<Unit> {
        auto it = rooms_.find(room);
        const bool made = it != rooms_.end();
        const bool said = !room_items_[room].empty();
        if (!made && (actor.user || !said)) return Error(ErrCode::kRoomNotExist);
        auto may = made ? may_act(actor, it->second.role_of(actor.user)) : success();
        if (!may) return may.take_error();
        if (made) rooms_.erase(it);
        room_items_.erase(room);
        return Unit{};
      },
      std::move(done));
}

void MemoryStore::forget_room_items(RoomId room, Seq last, Done<Unit> done) {
  call<Unit>(
      [&] {
        std::erase_if(room_items_[room], [&](const RoomItem& item) { return item.seq <= last; });
        return Unit{};
      },
      std::move(done));
}

}  // namespace linnet::test
