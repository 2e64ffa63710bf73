// Live rooms in their tables: the functions of RoomStore, on a connection. Those that write run
// inside the writer's transaction, within a savepoint.
#pragma once

#include "connection.hpp"

#include "linnet/store/room_store.hpp"

namespace linnet::store {

Result<RoomId> create_room(Connection& db, const Room& room, UserId owner);
Result<RoomRights> room_rights(Connection& db, RoomId room);
Result<Room> edit_room(Connection& db, RoomId room, const RoomEdit& edit);
Result<RoomUser> edit_room_user(Connection& db, RoomId room, const RoomUserEdit& edit);
Status keep_room_item(Connection& db, RoomId room, const RoomItem& item, std::size_t most);
Result<std::vector<RoomItem>> room_items(Connection& db, RoomId room, std::size_t most);
Status delete_room(Connection& db, RoomId room, const RoomActor& actor);
Status forget_room_items(Connection& db, RoomId room, Seq last);

}  // namespace linnet::store
