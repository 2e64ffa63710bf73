// The part of RoomCalls that looks after rooms: settings, roles, mutes, bans.
#include "mutes.hpp"
#include "pb/room.ext.pb.h"
#include "room_book.hpp"
#include "room_settings.hpp"

#include "linnet/logic/room_calls.hpp"

#include <utility>

namespace linnet::logic {

// A change that asks the caller for `role`. A server's word makes a room where rooms are open.
template <class Edit>
Edit RoomCalls::change_by(const user::Caller& caller, std::int32_t role) const {
  Edit change;
  change.actor = actor_of(caller, role);
  change.make = is_server(caller) && rooms_.rules().open;
  change.now = clock_.wall();
  return change;
}

Async<Unit> RoomCalls::edit(RoomId room, store::RoomEdit edit) {
  // Held in memory meanwhile, so that nobody reads it anew from before the change.
  auto record = co_await open(room.value());
  if (!record) co_return record.take_error();
  auto edited = co_await wait_for<store::Room>([&](Done<store::Room> done) {
    Done<store::Room> note_first = [&book = rooms_.book(), held = *record,
                                    done = std::move(done)](Result<store::Room> changed) mutable {
      if (changed) book.changed(*changed);
      done(std::move(changed));
    };
    store_.edit_room(room, std::move(edit), std::move(note_first));
  });
  if (!edited) co_return edited.take_error();
  co_return Unit{};
}

Async<Unit> RoomCalls::edit_user(RoomId room, store::RoomUserEdit edit) {
  if (edit.user.value() < 1) co_return Error(ErrCode::kBadRequest, "user_id: 1 or more");
  auto record = co_await open(room.value());
  if (!record) co_return record.take_error();
  edit.most = rooms_.rules().rights;
  auto edited = co_await wait_for<store::RoomUser>([&](Done<store::RoomUser> done) {
    Done<store::RoomUser> note_first =
        [&book = rooms_.book(), &live = live_, room, now = edit.now, held = *record,
         done = std::move(done)](Result<store::RoomUser> changed) mutable {
          if (changed) book.changed(room, *changed);
          if (changed && changed->banned_until > now)
            live.put_out(room, changed->user, ErrCode::kBanned);
          done(std::move(changed));
        };
    store_.edit_room_user(room, edit, std::move(note_first));
  });
  if (!edited) co_return edited.take_error();
  co_return Unit{};
}

Async<pb::SetRoomResp> RoomCalls::set(const user::Caller& caller, const pb::SetRoomReq& request) {
  auto checked = check_settings(request);
  if (!checked) co_return checked.take_error();
  const auto role = request.has_name() || request.has_publish() ? pb::RR_OWNER : pb::RR_MODERATOR;
  auto change = change_by<store::RoomEdit>(caller, role);
  if (request.has_name()) change.name = request.name();
  if (request.has_publish()) change.publish = request.publish();
  if (request.has_slow_s()) change.slow_s = request.slow_s();
  auto edited = co_await edit(RoomId(request.room_id()), std::move(change));
  if (!edited) co_return edited.take_error();
  co_return pb::SetRoomResp();
}

Async<pb::SetRoomRoleResp> RoomCalls::set_role(const user::Caller& caller,
                                               const pb::SetRoomRoleReq& request) {
  const bool server = is_server(caller);
  if (!pb::RoomRole_IsValid(request.role()) || (!server && request.role() == pb::RR_OWNER))
    co_return Error(ErrCode::kBadRequest,
                    server ? "role: RR_NONE to RR_OWNER" : "role: RR_NONE or RR_MODERATOR");
  auto change = change_by<store::RoomUserEdit>(caller, pb::RR_OWNER);
  change.user = UserId(request.user_id());
  change.role = request.role();
  auto edited = co_await edit_user(RoomId(request.room_id()), change);
  if (!edited) co_return edited.take_error();
  co_return pb::SetRoomRoleResp();
}

Async<pb::MuteRoomUserResp> RoomCalls::mute_user(const user::Caller& caller,
                                                 const pb::MuteRoomUserReq& request) {
  auto until = mute_end(request.seconds(), clock_.wall());
  if (!until) co_return until.take_error();
  auto change = change_by<store::RoomUserEdit>(caller, pb::RR_MODERATOR);
  change.user = UserId(request.user_id());
  change.muted_until = *until;
  auto edited = co_await edit_user(RoomId(request.room_id()), change);
  if (!edited) co_return edited.take_error();
  co_return pb::MuteRoomUserResp();
}

Async<pb::BanRoomUserResp> RoomCalls::ban_user(const user::Caller& caller,
                                               const pb::BanRoomUserReq& request) {
  auto until = mute_end(request.seconds(), clock_.wall());
  if (!until) co_return until.take_error();
  auto change = change_by<store::RoomUserEdit>(caller, pb::RR_MODERATOR);
  change.user = UserId(request.user_id());
  change.banned_until = *until;
  auto edited = co_await edit_user(RoomId(request.room_id()), change);
  if (!edited) co_return edited.take_error();
  co_return pb::BanRoomUserResp();
}

Async<pb::MuteRoomResp> RoomCalls::mute(const user::Caller& caller,
                                        const pb::MuteRoomReq& request) {
  auto until = mute_end(request.seconds(), clock_.wall());
  if (!until) co_return until.take_error();
  auto change = change_by<store::RoomEdit>(caller, pb::RR_MODERATOR);
  change.muted_until = *until;
  auto edited = co_await edit(RoomId(request.room_id()), std::move(change));
  if (!edited) co_return edited.take_error();
  co_return pb::MuteRoomResp();
}

}  // namespace linnet::logic
