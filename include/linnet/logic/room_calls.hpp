// The calls about live rooms, of those who are in them or look after them, and of the operator's
// servers, which may everything.
#pragma once

#include "linnet/base/async.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/logic/rooms.hpp"
#include "linnet/router/rooms.hpp"
#include "linnet/store/room_store.hpp"
#include "linnet/user/identity.hpp"

namespace pb {
class BanRoomUserReq;
class BanRoomUserResp;
class CreateRoomReq;
class CreateRoomResp;
class DeleteRoomReq;
class DeleteRoomResp;
class GetRoomHistoryReq;
class GetRoomHistoryResp;
class GetRoomReq;
class GetRoomResp;
class GetRoomRightsReq;
class GetRoomRightsResp;
class GetRoomUsersReq;
class GetRoomUsersResp;
class MakeRoomReq;
class MakeRoomResp;
class MuteRoomReq;
class MuteRoomResp;
class MuteRoomUserReq;
class MuteRoomUserResp;
class RoomPublishOutput;
class SetRoomReq;
class SetRoomResp;
class SetRoomRoleReq;
class SetRoomRoleResp;
}  // namespace pb

namespace linnet::logic {

// A caller with an API key is one of the operator's servers: no right is asked of it. Errors of
// every function: kBadRequest, kRoomNotExist, the store's. Thread: any.
class RoomCalls {
 public:
  // `rooms_per_day` is how many rooms a user may make; 0: no limit. One more is counted in
  // `refusals`, if there are any.
  RoomCalls(store::RoomStore& store, router::Rooms& live, Rooms& rooms, const Clock& clock,
            std::int64_t rooms_per_day = 0, Refusals* refusals = nullptr);
  ~RoomCalls();

  // Errors: kForbidden (rooms.create), kRateLimited.
  Async<pb::CreateRoomResp> create(const user::Caller& caller, const pb::CreateRoomReq& request);
  // Errors: kRoomAlreadyExist, kUserNotExist (the owner was erased).
  Async<pb::MakeRoomResp> make(const user::Caller& caller, const pb::MakeRoomReq& request);
  // Error of the next three: kBanned.
  Async<pb::GetRoomResp> get(const user::Caller& caller, const pb::GetRoomReq& request);
  Async<pb::GetRoomUsersResp> users(const user::Caller& caller, const pb::GetRoomUsersReq& request);
  Async<pb::GetRoomHistoryResp> history(const user::Caller& caller,
                                        const pb::GetRoomHistoryReq& request);
  // Errors: kNotInRoom, and those of Rooms::publish().
  Async<pb::RoomPublishOutput> publish(const user::Caller& caller,
                                       const pb::RoomPublishInput& request);
  // Error of the following: kForbidden.
  Async<pb::SetRoomResp> set(const user::Caller& caller, const pb::SetRoomReq& request);
  // Also: kTooLarge; likewise the next two.
  Async<pb::SetRoomRoleResp> set_role(const user::Caller& caller,
                                      const pb::SetRoomRoleReq& request);
  Async<pb::MuteRoomUserResp> mute_user(const user::Caller& caller,
                                        const pb::MuteRoomUserReq& request);
  // When it has returned, the user sees and hears nothing of the room.
  Async<pb::BanRoomUserResp> ban_user(const user::Caller& caller,
                                      const pb::BanRoomUserReq& request);
  Async<pb::MuteRoomResp> mute(const user::Caller& caller, const pb::MuteRoomReq& request);
  Async<pb::GetRoomRightsResp> rights(const user::Caller& caller,
                                      const pb::GetRoomRightsReq& request);
  Async<pb::DeleteRoomResp> remove(const user::Caller& caller, const pb::DeleteRoomReq& request);

 private:
  struct Making;
  Async<RoomRecordPtr> open(std::int64_t room);
  Async<RoomRecordPtr> enterable(const user::Caller& caller, std::int64_t room);
  Async<RoomId> store_new(store::Room room, UserId owner);
  template <class Edit>
  Edit change_by(const user::Caller& caller, std::int32_t role) const;
  Async<Unit> edit(RoomId room, store::RoomEdit edit);
  Async<Unit> edit_user(RoomId room, store::RoomUserEdit edit);

  store::RoomStore& store_;
  router::Rooms& live_;
  Rooms& rooms_;
  const Clock& clock_;
  Refusals* refusals_;
  std::unique_ptr<Making> making_;  // who has made how many
};

}  // namespace linnet::logic
