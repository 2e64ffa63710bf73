// The part of SqliteStore that keeps live rooms.
#include "rooms.hpp"
#include "sqlite_store.hpp"

namespace linnet::store {

void SqliteStore::create_room(Room room, UserId owner, Done<RoomId> done) {
  write<RoomId>(
      Job::Writes::kSeveral,
      [this, r = std::move(room), owner] { return store::create_room(*db_, r, owner); },
      std::move(done));
}

void SqliteStore::room_rights(RoomId room, Done<RoomRights> done) {
  readers_.read<RoomRights>([room](Connection& db) { return store::room_rights(db, room); },
                            std::move(done));
}

void SqliteStore::edit_room(RoomId room, RoomEdit edit, Done<Room> done) {
  write<Room>(
      Job::Writes::kOne,
      [this, room, e = std::move(edit)] { return store::edit_room(*db_, room, e); },
      std::move(done));
}

void SqliteStore::edit_room_user(RoomId room, RoomUserEdit edit, Done<RoomUser> done) {
  write<RoomUser>(
      Job::Writes::kSeveral, [this, room, edit] { return store::edit_room_user(*db_, room, edit); },
      std::move(done));
}

void SqliteStore::keep_room_item(RoomId room, RoomItem item, std::size_t most, Done<Unit> done) {
  const auto bytes = item.item.size();
  write<Unit>(
      Job::Writes::kSeveral,
      [this, room, i = std::move(item), most] {
        return store::keep_room_item(*db_, room, i, most);
      },
      std::move(done), bytes);
}

// After what is queued already has been written: a room that is forgotten and at once remembered
// has all of it.
void SqliteStore::room_items(RoomId room, std::size_t most, Done<std::vector<RoomItem>> done) {
  write<std::vector<RoomItem>>(
      Job::Writes::kNothing, [this, room, most] { return store::room_items(*db_, room, most); },
      std::move(done));
}

void SqliteStore::delete_room(RoomId room, RoomActor actor, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kSeveral, [this, room, actor] { return store::delete_room(*db_, room, actor); },
      std::move(done));
}

void SqliteStore::forget_room_items(RoomId room, Seq last, Done<Unit> done) {
  write<Unit>(
      Job::Writes::kOne, [this, room, last] { return store::forget_room_items(*db_, room, last); },
      std::move(done));
}

}  // namespace linnet::store
