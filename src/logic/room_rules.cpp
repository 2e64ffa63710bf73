#include "room_rules.hpp"

#include "pb/room.ext.pb.h"

namespace linnet::logic {
namespace {

const store::RoomUser* find(const RoomRecord& record, UserId user) {
  auto found = record.users.find(user);
  return found == record.users.end() ? nullptr : &found->second;
}

}  // namespace

std::int32_t room_role(const RoomRecord& record, UserId user) {
  const auto* known = find(record, user);
  return known == nullptr ? pb::RR_NONE : known->role;
}

Status may_enter(const RoomRecord& record, UserId user, bool open, Millis now) {
  if (!record.room && !open) return Error(ErrCode::kRoomNotExist);
  const auto* known = find(record, user);
  if (known != nullptr && known->banned_until > now) return Error(ErrCode::kBanned);
  return success();
}

Status may_publish(const RoomRecord& record, UserId user, bool open, Millis now) {
  auto entered = may_enter(record, user, open, now);
  if (!entered || !record.room) return entered;
  if (record.room->publish == pb::RPB_SERVERS)
    return Error(ErrCode::kForbidden, "only servers write in this room");
  const auto* known = find(record, user);
  if (known != nullptr && known->muted_until > now)
    return Error(ErrCode::kMuted, "you are muted in this room");
  const bool above = known != nullptr && known->role > pb::RR_NONE;
  if (!above && record.room->muted_until > now) return Error(ErrCode::kMuted, "this room is muted");
  return success();
}

}  // namespace linnet::logic
