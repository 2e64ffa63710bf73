#include "linnet/logic/room_calls.hpp"

#include "pace.hpp"
#include "pages.hpp"
#include "pb/room.ext.pb.h"
#include "pb/room.int.pb.h"
#include "room_book.hpp"
#include "room_rules.hpp"
#include "room_settings.hpp"

#include <limits>
#include <mutex>

namespace linnet::logic {
namespace {

constexpr std::size_t kPage = 1000;

template <class Request>
store::Room room_of(const Request& request, Millis now) {
  store::Room room;
  room.name = request.name();
  room.publish = request.publish();
  room.slow_s = request.slow_s();
  room.created = now;
  room.updated = now;
  return room;
}

void describe(const RoomRecord& record, UserId asker, pb::Room& room) {
  room.set_role(static_cast<pb::RoomRole>(room_role(record, asker)));
  if (!record.room) return;
  room.set_name(record.room->name);
  room.set_publish(static_cast<pb::RoomPublish>(record.room->publish));
  room.set_slow_s(record.room->slow_s);
  room.set_muted_until(record.room->muted_until.value());
  room.set_create_time(record.room->created.value());
}

}  // namespace

Async<RoomRecordPtr> RoomCalls::open(std::int64_t room) {
  auto record = co_await wait_for<RoomRecordPtr>(
      [&](Done<RoomRecordPtr> done) { rooms_.load(RoomId(room), std::move(done)); });
  co_return record;
}

// For whoever may be in the room.
Async<RoomRecordPtr> RoomCalls::enterable(const user::Caller& caller, std::int64_t room) {
  auto record = co_await open(room);
  if (!record) co_return record.take_error();
  {
    // A server is no user, and so not banned.
    std::lock_guard lock((*record)->mutex);
    auto allowed = may_enter(**record, caller.identity.user, rooms_.rules().open, clock_.wall());
    if (!allowed) co_return allowed.take_error();
  }
  co_return record;
}

// ---- making and forgetting ----

struct RoomCalls::Making {
  Pace::Rate rate;
  std::mutex mutex;
  Pace pace;
};

RoomCalls::RoomCalls(store::RoomStore& store, router::Rooms& live, Rooms& rooms, const Clock& clock,
                     std::int64_t rooms_per_day, Refusals* refusals)
    : store_(store),
      live_(live),
      rooms_(rooms),
      clock_(clock),
      refusals_(refusals),
      making_(std::make_unique<Making>()) {
  if (rooms_per_day == 0) return;
  making_->rate.interval = std::chrono::microseconds(std::chrono::hours(24)) / rooms_per_day;
  making_->rate.burst = rooms_per_day;
}
RoomCalls::~RoomCalls() = default;

Async<RoomId> RoomCalls::store_new(store::Room room, UserId owner) {
  auto id = co_await wait_for<RoomId>([&](Done<RoomId> done) {
    Done<RoomId> note_first = [&book = rooms_.book(), room, owner,
                               done = std::move(done)](Result<RoomId> made) mutable {
      if (made) {
        room.id = *made;
        book.made(room, owner);
      }
      done(std::move(made));
    };
    store_.create_room(room, owner, std::move(note_first));
  });
  co_return id;
}

Async<pb::CreateRoomResp> RoomCalls::create(const user::Caller& caller,
                                            const pb::CreateRoomReq& request) {
  if (!rooms_.rules().users_create)
    co_return Error(ErrCode::kForbidden, "rooms are made by the operator's servers");
  auto checked = check_settings(request);
  if (!checked) co_return checked.take_error();
  {
    std::lock_guard lock(making_->mutex);
    const auto wait = making_->pace.take(caller.identity.user, clock_.steady(), making_->rate);
    if (wait.count() > 0) {
      if (refusals_ != nullptr) refusals_->count(Refusal::kRooms);
      co_return Error(ErrCode::kRateLimited, "you have made as many rooms as you may in a day");
    }
  }
  auto room = room_of(request, clock_.wall());
  auto id = co_await store_new(std::move(room), caller.identity.user);
  if (id.code() == ErrCode::kUserNotExist) co_return Error(ErrCode::kUnauthorized);  // since erased
  if (!id) co_return id.take_error();
  pb::CreateRoomResp response;
  response.set_room_id(id->value());
  co_return response;
}

Async<pb::MakeRoomResp> RoomCalls::make(const user::Caller&, const pb::MakeRoomReq& request) {
  auto checked = check_settings(request);
  if (!checked) co_return checked.take_error();
  if (request.room_id() < 0 || request.owner_id() < 0)
    co_return Error(ErrCode::kBadRequest, "room_id and owner_id: 0 or more");
  if (request.room_id() > store::kLastRoom)
    co_return Error(ErrCode::kBadRequest, "room_id: at most 2^53 - 1, as JSON numbers hold");
  auto room = room_of(request, clock_.wall());
  room.id = RoomId(request.room_id());
  auto id = co_await store_new(std::move(room), UserId(request.owner_id()));
  if (!id) co_return id.take_error();
  pb::MakeRoomResp response;
  response.set_room_id(id->value());
  co_return response;
}

Async<pb::DeleteRoomResp> RoomCalls::remove(const user::Caller& caller,
                                            const pb::DeleteRoomReq& request) {
  const RoomId room(request.room_id());
  auto record = co_await open(request.room_id());
  if (!record) co_return record.take_error();
  auto gone = co_await wait_for<Unit>([&](Done<Unit> done) {
    Done<Unit> empty_first = [&rooms = rooms_, room, held = *record,
                              done = std::move(done)](Result<Unit> deleted) mutable {
      if (deleted) {
        rooms.end(room, std::move(done));
      } else {
        done(std::move(deleted));
      }
    };
    store_.delete_room(room, actor_of(caller, pb::RR_OWNER), std::move(empty_first));
  });
  if (!gone) co_return gone.take_error();
  co_return pb::DeleteRoomResp();
}

// ---- looking ----

Async<pb::GetRoomResp> RoomCalls::get(const user::Caller& caller, const pb::GetRoomReq& request) {
  auto record = co_await enterable(caller, request.room_id());
  if (!record) co_return record.take_error();
  pb::GetRoomResp response;
  *response.mutable_state() = live_.state(RoomId(request.room_id()));
  response.mutable_room()->set_room_id(request.room_id());
  std::lock_guard lock((*record)->mutex);
  describe(**record, caller.identity.user, *response.mutable_room());
  co_return response;
}

Async<pb::GetRoomUsersResp> RoomCalls::users(const user::Caller& caller,
                                             const pb::GetRoomUsersReq& request) {
  auto page = page_of(request, kPage);
  if (!page) co_return page.take_error();
  auto record = co_await enterable(caller, request.room_id());
  if (!record) co_return record.take_error();
  auto users = live_.users(RoomId(request.room_id()), UserId(page->after), page->read());
  pb::GetRoomUsersResp response;
  cut(users, *page, response);
  for (auto user : users)
    response.add_user_ids(user.value());
  co_return response;
}

Async<pb::GetRoomHistoryResp> RoomCalls::history(const user::Caller& caller,
                                                 const pb::GetRoomHistoryReq& request) {
  if (request.since_seq() < 0 || request.limit() < 0)
    co_return Error(ErrCode::kBadRequest, "since_seq and limit: 0 or more");
  auto record = co_await enterable(caller, request.room_id());
  if (!record) co_return record.take_error();
  router::HistoryWanted wanted;
  wanted.since = Seq(request.since_seq());
  wanted.entries = request.limit() == 0 ? std::numeric_limits<std::size_t>::max()
                                        : static_cast<std::size_t>(request.limit());
  // Taken before the history: what is said in between is missing in neither.
  const auto seq = live_.state(RoomId(request.room_id())).seq();
  const auto past = live_.history(RoomId(request.room_id()), wanted);
  pb::GetRoomHistoryResp response;
  for (const auto& item : past.items)
    *response.add_items() = *item;
  response.set_complete(past.complete);
  response.set_seq(past.items.empty() ? seq : past.items.back()->seq());
  co_return response;
}

Async<pb::GetRoomRightsResp> RoomCalls::rights(const user::Caller& caller,
                                               const pb::GetRoomRightsReq& request) {
  auto page = page_of(request, kPage);
  if (!page) co_return page.take_error();
  auto record = co_await open(request.room_id());
  if (!record) co_return record.take_error();
  {
    std::lock_guard lock((*record)->mutex);
    if (!(*record)->room) co_return Error(ErrCode::kRoomNotExist);
    auto may = store::may_act(actor_of(caller, pb::RR_MODERATOR),
                              room_role(**record, caller.identity.user));
    if (!may) co_return may.take_error();
  }
  auto all = co_await wait_for<store::RoomRights>([&](Done<store::RoomRights> done) {
    store_.room_rights(RoomId(request.room_id()), std::move(done));
  });
  if (!all) co_return all.take_error();
  if (!all->room) co_return Error(ErrCode::kRoomNotExist);
  std::erase_if(all->users, [&](const auto& user) { return user.user.value() <= page->after; });
  pb::GetRoomRightsResp response;
  cut(all->users, *page, response);
  const auto now = clock_.wall();
  for (const auto& user : all->users) {
    auto& right = *response.add_rights();
    right.set_user_id(user.user.value());
    right.set_role(static_cast<pb::RoomRole>(user.role));
    if (user.muted_until > now) right.set_muted_until(user.muted_until.value());
    if (user.banned_until > now) right.set_banned_until(user.banned_until.value());
  }
  co_return response;
}

// ---- speaking ----

Async<pb::RoomPublishOutput> RoomCalls::publish(const user::Caller& caller,
                                                const pb::RoomPublishInput& request) {
  Result<RoomRecordPtr> record = Error(ErrCode::kServerUnknown);
  if (is_server(caller)) {
    record = co_await open(request.room_id());
  } else {
    record = co_await enterable(caller, request.room_id());
  }
  if (!record) co_return record.take_error();
  Result<Seq> seq = Error(ErrCode::kNotInRoom);
  if (is_server(caller)) {
    seq = rooms_.publish_from_server(**record, request, caller.request_id);
  } else if (live_.inside(RoomId(request.room_id()), caller.identity.user)) {
    seq = rooms_.publish(**record, caller.identity, request, caller.request_id);
  }
  if (!seq) co_return seq.take_error();
  pb::RoomPublishOutput response;
  response.set_seq(seq->value());
  co_return response;
}

}  // namespace linnet::logic
