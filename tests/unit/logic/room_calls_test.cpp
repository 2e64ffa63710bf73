// Calls about live rooms that come while the store is still writing what was called before.
#include "linnet/logic/room_calls.hpp"

#include "pb/room.ext.pb.h"
#include "pb/room.int.pb.h"
#include "room_book.hpp"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::logic;

namespace {

constexpr std::int64_t kHall = 7;
constexpr std::int64_t kAnna = 1;  // owns it
constexpr std::int64_t kBen = 2;   // moderates it
constexpr std::int64_t kCarl = 3;

RoomRules kept_on_disk() {
  RoomRules rules;
  rules.open = false;
  rules.kept = 10;
  return rules;
}

Shards shards_for_rooms() {
  Shards shards;
  shards.push_back(std::make_unique<Shard>(0));
  return shards;
}

struct RoomCallsFixture {
  RoomCallsFixture() {
    make();
    REQUIRE(test::run(calls.set_role(as(kAnna), role(kBen, pb::RR_MODERATOR))));
  }
  static user::Caller as(std::int64_t user) {
    return {{UserId(user), DeviceId(user)}, RequestId(), "test"};
  }
  static user::Caller backend() { return {{}, RequestId(), "test", KeyId(1)}; }
  void make() {
    pb::MakeRoomReq request;
    request.set_room_id(kHall);
    request.set_owner_id(kAnna);
    REQUIRE(test::run(calls.make(backend(), request)));
  }
  static pb::SetRoomRoleReq role(std::int64_t user, pb::RoomRole role) {
    pb::SetRoomRoleReq request;
    request.set_room_id(kHall);
    request.set_user_id(user);
    request.set_role(role);
    return request;
  }
  template <class Request>
  static Request about(std::int64_t user = 0) {
    Request request;
    request.set_room_id(kHall);
    if constexpr (requires { request.set_user_id(user); }) request.set_user_id(user);
    if constexpr (requires { request.set_seconds(60); }) request.set_seconds(60);
    return request;
  }
  Result<pb::RoomPublishOutput> say(const std::string& text) {
    auto request = about<pb::RoomPublishInput>();
    request.set_message_type(pb::MT_TEXT);
    request.set_message_content(text);
    return test::run(calls.publish(backend(), request));
  }
  std::size_t kept() {
    using Items = std::vector<store::RoomItem>;
    return test::run(wait_for<Items>([&](Done<Items> done) {
             store.room_items(RoomId(kHall), 10, std::move(done));
           }))
        ->size();
  }

  test::FalseClock clock;
  test::MemoryStore store;
  Shards shards = shards_for_rooms();
  router::Rooms live{shards, clock, router::RoomOptions()};
  Rooms rooms{store, live, clock, kept_on_disk()};
  RoomCalls calls{store, live, rooms, clock};
};

// A call that has come as far as it could, with the values that it refers to.
template <class Response, class Request>
class UnderWay {
 public:
  using Call = Async<Response> (RoomCalls::*)(const user::Caller&, const Request&);
  UnderWay(RoomCalls& calls, Call call, user::Caller caller, Request request)
      : caller_(std::move(caller)),
        request_(std::move(request)),
        begun_((calls.*call)(caller_, request_)) {}
  ErrCode end() { return begun_.end().code(); }

 private:
  user::Caller caller_;
  Request request_;
  test::Begun<Response> begun_;
};

}  // namespace

TEST_CASE_METHOD(RoomCallsFixture, "a role that is being taken away allows nothing any more") {
  store.hold();
  UnderWay demoted(calls, &RoomCalls::set_role, as(kAnna), role(kBen, pb::RR_NONE));
  REQUIRE(store.held() == 1);
  UnderWay ban(calls, &RoomCalls::ban_user, as(kBen), about<pb::BanRoomUserReq>(kCarl));
  UnderWay mute(calls, &RoomCalls::mute_user, as(kBen), about<pb::MuteRoomUserReq>(kCarl));
  UnderWay mute_all(calls, &RoomCalls::mute, as(kBen), about<pb::MuteRoomReq>());
  store.release();

  CHECK(demoted.end() == ErrCode::kSuccess);
  CHECK(ban.end() == ErrCode::kForbidden);
  CHECK(mute.end() == ErrCode::kForbidden);
  CHECK(mute_all.end() == ErrCode::kForbidden);
  auto rights = test::run(calls.rights(as(kAnna), about<pb::GetRoomRightsReq>()));
  REQUIRE(rights);
  CHECK(rights->rights_size() == 1);
}

TEST_CASE_METHOD(RoomCallsFixture, "who is being made a moderator is banned by no moderator") {
  store.hold();
  UnderWay promoted(calls, &RoomCalls::set_role, as(kAnna), role(kCarl, pb::RR_MODERATOR));
  REQUIRE(store.held() == 1);
  UnderWay ban(calls, &RoomCalls::ban_user, as(kBen), about<pb::BanRoomUserReq>(kCarl));
  store.release();

  CHECK(promoted.end() == ErrCode::kSuccess);
  CHECK(ban.end() == ErrCode::kForbidden);
}

TEST_CASE_METHOD(RoomCallsFixture, "who is no owner any more does not end the room") {
  store.hold();
  UnderWay demoted(calls, &RoomCalls::set_role, backend(), role(kAnna, pb::RR_MODERATOR));
  REQUIRE(store.held() == 1);
  UnderWay removed(calls, &RoomCalls::remove, as(kAnna), about<pb::DeleteRoomReq>());
  store.release();

  CHECK(demoted.end() == ErrCode::kSuccess);
  CHECK(removed.end() == ErrCode::kForbidden);
  CHECK(test::run(calls.get(as(kCarl), about<pb::GetRoomReq>())).ok());
}

TEST_CASE_METHOD(RoomCallsFixture, "what is said while a room is deleted is not the next one's") {
  REQUIRE(say("before"));
  store.hold();
  UnderWay removed(calls, &RoomCalls::remove, as(kAnna), about<pb::DeleteRoomReq>());
  REQUIRE(store.held() == 1);
  REQUIRE(say("meanwhile"));
  REQUIRE(say("and again"));
  store.release();

  CHECK(removed.end() == ErrCode::kSuccess);
  CHECK(say("after").code() == ErrCode::kRoomNotExist);
  CHECK(kept() == 0);
  make();
  auto history = test::run(calls.history(as(kCarl), about<pb::GetRoomHistoryReq>()));
  REQUIRE(history);
  CHECK(history->items_size() == 0);
  REQUIRE(say("of the next room"));
  CHECK(kept() == 1);
}
