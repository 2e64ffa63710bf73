// Live rooms that were made, with the rights in them: a part of the store's seam; see store.hpp for
// what holds for every method.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace linnet::store {

struct Room {
  RoomId id;
  std::string name;
  std::int32_t publish = 0;  // pb.RoomPublish
  std::int32_t slow_s = 0;   // seconds between two messages of one member; 0: no pause
  Millis muted_until;        // all members; 0: not
  Millis created;
  Millis updated;
};

// A user with a role, or that is muted or banned.
struct RoomUser {
  UserId user;
  std::int32_t role = 0;  // pb.RoomRole
  Millis muted_until;
  Millis banned_until;
};

struct RoomRights {
  std::optional<Room> room;  // nothing: it was not made
  std::vector<RoomUser> users;
};

// Who does something to a room. One of the operator's servers (`user` 0) may everything; of a user
// the role in the room is asked within the transaction: at least `role`, and above that of whom it
// is done to.
struct RoomActor {
  UserId user;
  std::int32_t role = 0;  // pb.RoomRole
};

// Whether an actor whose role is `own` may do it, to somebody with the role `other` if it is done
// to one. Error: kForbidden.
Status may_act(const RoomActor& actor, std::int32_t own,
               std::optional<std::int32_t> other = std::nullopt);

// What changes; the rest stays. `make`: a room that was not made is made by that.
struct RoomEdit {
  std::optional<std::string> name;
  std::optional<std::int32_t> publish;
  std::optional<std::int32_t> slow_s;
  std::optional<Millis> muted_until;
  RoomActor actor;
  bool make = false;
  Millis now;
};

struct RoomUserEdit {
  UserId user;
  std::optional<std::int32_t> role;
  std::optional<Millis> muted_until;
  std::optional<Millis> banned_until;
  RoomActor actor;
  bool make = false;
  std::size_t most = 10000;  // users of the room that have a role, are muted or banned
  Millis now;
};

// Where ids begin that the store gives: above what apps count up to, below what JSON numbers hold.
inline constexpr std::int64_t kFirstRoom = std::int64_t{1} << 40;
// The highest id of a room: what JSON numbers hold.
inline constexpr std::int64_t kLastRoom = (std::int64_t{1} << 53) - 1;

struct RoomItem {
  Seq seq;           // of the room
  std::string item;  // pb.RoomItem
};

// Completions are called in commit order.
class RoomStore {
 public:
  virtual ~RoomStore() = default;
  // With id 0 gives a free one, whatever ids are taken already. `owner` 0: nobody. Errors:
  // kRoomAlreadyExist, kUserNotExist (the owner was erased).
  virtual void create_room(Room room, UserId owner, Done<RoomId> done) = 0;
  virtual void room_rights(RoomId room, Done<RoomRights> done) = 0;
  // Gives what is there afterwards. Errors: kRoomNotExist, kForbidden.
  virtual void edit_room(RoomId room, RoomEdit edit, Done<Room> done) = 0;
  // Gives what is there afterwards; whoever has no role and is neither muted nor banned is
  // forgotten. Errors: kRoomNotExist, kForbidden, kTooLarge (`most`).
  virtual void edit_room_user(RoomId room, RoomUserEdit edit, Done<RoomUser> done) = 0;
  // Keeps what was said, and of each room about the newest `most`.
  virtual void keep_room_item(RoomId room, RoomItem item, std::size_t most, Done<Unit> done) = 0;
  // The newest `most`, ascending. Sees what was kept before the call, and perhaps more.
  virtual void room_items(RoomId room, std::size_t most, Done<std::vector<RoomItem>> done) = 0;
  // With all rights in it, and what was said; a server's word also one that was not made, if
  // something was said there. Errors: kRoomNotExist, kForbidden.
  virtual void delete_room(RoomId room, RoomActor actor, Done<Unit> done) = 0;
  // Of what was kept, all up to `last`.
  virtual void forget_room_items(RoomId room, Seq last, Done<Unit> done) = 0;
};

}  // namespace linnet::store
