// Who may enter a live room and speak in it: pure rules on its record, whose mutex the caller
// holds. Who may change what is store::may_act().
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

}  // namespace linnet::logic
