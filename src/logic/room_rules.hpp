// Who may do what in a live room: pure rules on its record, whose mutex the caller holds.
#pragma once

#include "room_book.hpp"

#include "linnet/base/error.hpp"

namespace linnet::logic {

// pb.RoomRole of the user.
std::int32_t room_role(const RoomRecord& record, UserId user);

// `open`: a room that nobody has made is there all the same. Errors: kRoomNotExist, kBanned.
Status may_enter(const RoomRecord& record, UserId user, bool open, Millis now);
// Errors: also kForbidden (only servers publish here), kMuted.
Status may_publish(const RoomRecord& record, UserId user, bool open, Millis now);
// Error: kForbidden (the role is below `role`).
Status has_room_role(const RoomRecord& record, UserId user, std::int32_t role);
// Mutes and bans go downwards only. Error: kForbidden.
Status may_moderate(const RoomRecord& record, UserId actor, UserId target);

}  // namespace linnet::logic
