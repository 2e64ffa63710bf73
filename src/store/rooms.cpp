#include "rooms.hpp"

#include "erasure.hpp"

#include "linnet/base/random.hpp"

#include <algorithm>

namespace linnet::store {
namespace {

constexpr std::int32_t kRoomOwner = 2;    // pb.RR_OWNER
constexpr std::int64_t kPruneEvery = 16;  // messages

Result<std::optional<Room>> find_room(Connection& db, RoomId id) {
  Query row(db,
            "SELECT name, publish, slow_s, muted_until, created, updated FROM room WHERE id = ?1",
            id);
  std::optional<Room> found;
  if (row.next()) {
    auto& room = found.emplace();
    room.id = id;
    room.name = row.text(0);
    room.publish = row.small(1);
    room.slow_s = row.small(2);
    room.muted_until = row.id<Millis>(3);
    room.created = row.id<Millis>(4);
    room.updated = row.id<Millis>(5);
  }
  if (row.failed()) return row.error();
  return found;
}

Status put_room(Connection& db, const Room& room) {
  return Query(db,
               "INSERT INTO room (id, name, publish, slow_s, muted_until, created, updated)"
               " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET name = ?2,"
               " publish = ?3, slow_s = ?4, muted_until = ?5, updated = ?7",
               room.id, room.name, room.publish, room.slow_s, room.muted_until, room.created,
               room.updated)
      .run();
}

// The room, made now where the edit allows that.
Result<Room> room_to_edit(Connection& db, RoomId id, bool make, Millis now) {
  auto found = find_room(db, id);
  if (!found) return found.take_error();
  if (*found) return std::move(**found);
  if (!make) return Error(ErrCode::kRoomNotExist);
  Room room;
  room.id = id;
  room.created = now;
  return room;
}

Result<RoomUser> find_room_user(Connection& db, RoomId room, UserId user) {
  Query row(db,
            "SELECT role, muted_until, banned_until FROM room_user"
            " WHERE room_id = ?1 AND user_id = ?2",
            room, user);
  RoomUser found;
  found.user = user;
  if (row.next()) {
    found.role = row.small(0);
    found.muted_until = row.id<Millis>(1);
    found.banned_until = row.id<Millis>(2);
  }
  if (row.failed()) return row.error();
  return found;
}

// What is done to no one user has no `other`.
Status check_actor(Connection& db, RoomId room, const RoomActor& actor,
                   std::optional<std::int32_t> other = std::nullopt) {
  if (!actor.user) return success();
  auto own = find_room_user(db, room, actor.user);
  if (!own) return own.take_error();
  return may_act(actor, own->role, other);
}

Status put_room_user(Connection& db, RoomId room, const RoomUser& user) {
  return Query(db,
               "INSERT INTO room_user (room_id, user_id, role, muted_until, banned_until)"
               " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (room_id, user_id) DO UPDATE SET"
               " role = ?3, muted_until = ?4, banned_until = ?5",
               room, user.user, user.role, user.muted_until, user.banned_until)
      .run();
}

// What has run out makes place; counting is cheap as long as that is the rule.
Status check_place(Connection& db, RoomId room, std::size_t most, Millis now) {
  auto gone = Query(db,
                    "DELETE FROM room_user WHERE room_id = ?1 AND role = 0 AND muted_until <= ?2"
                    " AND banned_until <= ?2",
                    room, now)
                  .run();
  if (!gone) return gone;
  Query row(db, "SELECT count(*) FROM room_user WHERE room_id = ?1", room);
  std::int64_t count = 0;
  if (row.next()) count = row.number(0);
  if (row.failed()) return row.error();
  if (count < static_cast<std::int64_t>(most)) return success();
  return Error(ErrCode::kTooLarge, "a room remembers at most " + std::to_string(most) +
                                       " users with a role, a mute or a ban");
}

Result<bool> in_use(Connection& db, RoomId id) {
  // What was said while a room was deleted may still be there: its id is not given again.
  Query row(db,
            "SELECT 1 WHERE EXISTS (SELECT 1 FROM room WHERE id = ?1)"
            " OR EXISTS (SELECT 1 FROM room_item WHERE room_id = ?1)",
            id);
  const bool used = row.next();
  if (row.failed()) return row.error();
  return used;
}

// The next after the newest; where users or apps were there first, any that nobody can foresee.
Result<RoomId> free_id(Connection& db) {
  Query row(db, "SELECT max(id) FROM room WHERE id BETWEEN ?1 AND ?2", kFirstRoom, kLastRoom);
  const auto newest = row.next() ? row.number(0) : 0;
  if (row.failed()) return row.error();
  auto id = newest == 0 ? kFirstRoom : newest + 1;
  for (;;) {
    if (id >= kFirstRoom && id <= kLastRoom) {
      auto used = in_use(db, RoomId(id));
      if (!used) return used.take_error();
      if (!*used) return RoomId(id);
    }
    id = static_cast<std::int64_t>(std::uint64_t{random_below(1U << 21U)} << 32U |
                                   random_below(UINT32_MAX));
  }
}

}  // namespace

Status may_act(const RoomActor& actor, std::int32_t own, std::optional<std::int32_t> other) {
  if (!actor.user) return success();
  if (own < actor.role)
    return Error(ErrCode::kForbidden, actor.role == kRoomOwner
                                          ? "only the room's owner may do that"
                                          : "only owners and moderators of the room may do that");
  if (other && own <= *other)
    return Error(ErrCode::kForbidden, "that user's role is not below yours");
  return success();
}

Result<RoomId> create_room(Connection& db, const Room& room, UserId owner) {
  auto erased = was_erased(db, owner);
  if (!erased) return erased.take_error();
  if (*erased) return Error(ErrCode::kUserNotExist);
  Room made = room;
  if (room.id) {
    auto taken = find_room(db, room.id);
    if (!taken) return taken.take_error();
    if (*taken) return Error(ErrCode::kRoomAlreadyExist);
  } else {
    auto id = free_id(db);
    if (!id) return id;
    made.id = *id;
  }
  auto put = put_room(db, made);
  if (!put) return put.take_error();
  if (owner) {
    RoomUser user;
    user.user = owner;
    user.role = kRoomOwner;
    auto owned = put_room_user(db, made.id, user);
    if (!owned) return owned.take_error();
  }
  return made.id;
}

Result<RoomRights> room_rights(Connection& db, RoomId room) {
  RoomRights rights;
  auto found = find_room(db, room);
  if (!found) return found.take_error();
  rights.room = std::move(*found);
  if (!rights.room) return rights;
  Query row(db,
            "SELECT user_id, role, muted_until, banned_until FROM room_user WHERE room_id = ?1"
            " ORDER BY user_id",
            room);
  while (row.next()) {
    RoomUser user;
    user.user = row.id<UserId>(0);
    user.role = row.small(1);
    user.muted_until = row.id<Millis>(2);
    user.banned_until = row.id<Millis>(3);
    rights.users.push_back(user);
  }
  if (row.failed()) return row.error();
  return rights;
}

Result<Room> edit_room(Connection& db, RoomId room, const RoomEdit& edit) {
  auto changed = room_to_edit(db, room, edit.make, edit.now);
  if (!changed) return changed;
  auto may = check_actor(db, room, edit.actor);
  if (!may) return may.take_error();
  changed->name = edit.name.value_or(changed->name);
  changed->publish = edit.publish.value_or(changed->publish);
  changed->slow_s = edit.slow_s.value_or(changed->slow_s);
  changed->muted_until = edit.muted_until.value_or(changed->muted_until);
  changed->updated = edit.now;
  auto put = put_room(db, *changed);
  if (!put) return put.take_error();
  return changed;
}

Result<RoomUser> edit_room_user(Connection& db, RoomId room, const RoomUserEdit& edit) {
  auto found = room_to_edit(db, room, edit.make, edit.now);
  if (!found) return found.take_error();
  auto user = find_room_user(db, room, edit.user);
  if (!user) return user;
  auto may = check_actor(db, room, edit.actor, user->role);
  if (!may) return may.take_error();
  if (!found->updated) {
    found->updated = edit.now;
    auto made = put_room(db, *found);
    if (!made) return made.take_error();
  }
  const bool known = user->role != 0 || user->muted_until || user->banned_until;
  user->role = edit.role.value_or(user->role);
  user->muted_until = edit.muted_until.value_or(user->muted_until);
  user->banned_until = edit.banned_until.value_or(user->banned_until);
  if (user->role == 0 && user->muted_until <= edit.now && user->banned_until <= edit.now) {
    auto gone =
        Query(db, "DELETE FROM room_user WHERE room_id = ?1 AND user_id = ?2", room, edit.user)
            .run();
    if (!gone) return gone.take_error();
    return user;
  }
  if (!known) {
    auto place = check_place(db, room, edit.most, edit.now);
    if (!place) return place.take_error();
  }
  auto put = put_room_user(db, room, *user);
  if (!put) return put.take_error();
  return user;
}

Status keep_room_item(Connection& db, RoomId room, const RoomItem& item, std::size_t most) {
  auto kept = Query(db, "INSERT OR REPLACE INTO room_item (room_id, seq, item) VALUES (?1, ?2, ?3)",
                    room, item.seq, Blob{item.item})
                  .run();
  if (!kept || item.seq.value() % kPruneEvery != 0) return kept;
  return Query(db,
               "DELETE FROM room_item WHERE room_id = ?1 AND seq <= (SELECT seq FROM room_item"
               " WHERE room_id = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
               room, static_cast<std::int64_t>(most))
      .run();
}

Result<std::vector<RoomItem>> room_items(Connection& db, RoomId room, std::size_t most) {
  std::vector<RoomItem> items;
  Query row(db, "SELECT seq, item FROM room_item WHERE room_id = ?1 ORDER BY seq DESC LIMIT ?2",
            room, static_cast<std::int64_t>(most));
  while (row.next())
    items.push_back({row.id<Seq>(0), row.text(1)});
  if (row.failed()) return row.error();
  std::reverse(items.begin(), items.end());
  return items;
}

Status delete_room(Connection& db, RoomId room, const RoomActor& actor) {
  auto found = find_room(db, room);
  if (!found) return found.take_error();
  if (!*found && actor.user) return Error(ErrCode::kRoomNotExist);
  auto may = check_actor(db, room, actor);
  if (!may) return may;
  auto gone = Query(db, "DELETE FROM room WHERE id = ?1", room).run();
  if (!gone) return gone;
  auto said = Query(db, "DELETE FROM room_item WHERE room_id = ?1", room).run();
  if (!said) return said;
  if (!*found && db.changes() == 0) return Error(ErrCode::kRoomNotExist);
  return Query(db, "DELETE FROM room_user WHERE room_id = ?1", room).run();
}

Status forget_room_items(Connection& db, RoomId room, Seq last) {
  return Query(db, "DELETE FROM room_item WHERE room_id = ?1 AND seq <= ?2", room, last).run();
}

}  // namespace linnet::store
