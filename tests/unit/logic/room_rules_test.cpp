// The rights in a live room, as pure rules; and the book that keeps them in memory.
#include "room_rules.hpp"

#include "pb/room.ext.pb.h"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"

#include "linnet/logic/rooms.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::logic;

namespace {

constexpr Millis kNow{1000};
constexpr RoomId kRoom{7};
constexpr UserId kOwner{1};
constexpr UserId kModerator{2};
constexpr UserId kMember{3};

// A room with an owner, a moderator and somebody else.
struct Made : RoomRecord {
  Made() {
    loaded = true;
    room.emplace();
    set(kOwner).role = pb::RR_OWNER;
    set(kModerator).role = pb::RR_MODERATOR;
  }
  store::RoomUser& set(UserId user) {
    users[user].user = user;
    return users[user];
  }
};

ErrCode code(const Status& status) {
  return status ? ErrCode::kSuccess : status.error().code();
}

}  // namespace

TEST_CASE("a room that nobody has made is there if rooms are open") {
  RoomRecord none;
  CHECK(code(may_enter(none, kMember, true, kNow)) == ErrCode::kSuccess);
  CHECK(code(may_publish(none, kMember, true, kNow)) == ErrCode::kSuccess);
  CHECK(code(may_enter(none, kMember, false, kNow)) == ErrCode::kRoomNotExist);
  CHECK(code(may_publish(none, kMember, false, kNow)) == ErrCode::kRoomNotExist);
}

TEST_CASE("bans and mutes end with their time") {
  Made made;
  made.set(kMember).banned_until = Millis(1001);
  CHECK(code(may_enter(made, kMember, true, kNow)) == ErrCode::kBanned);
  CHECK(code(may_publish(made, kMember, true, kNow)) == ErrCode::kBanned);
  CHECK(code(may_enter(made, kMember, true, Millis(1001))) == ErrCode::kSuccess);

  made.set(kMember).muted_until = Millis(2000);
  CHECK(code(may_publish(made, kMember, true, Millis(1999))) == ErrCode::kMuted);
  CHECK(code(may_publish(made, kMember, true, Millis(2000))) == ErrCode::kSuccess);
}

TEST_CASE("a muted room hears its owners and moderators") {
  Made made;
  made.room->muted_until = Millis(2000);
  CHECK(code(may_publish(made, kMember, true, kNow)) == ErrCode::kMuted);
  CHECK(code(may_publish(made, kModerator, true, kNow)) == ErrCode::kSuccess);
  CHECK(code(may_publish(made, kOwner, true, kNow)) == ErrCode::kSuccess);
  made.set(kModerator).muted_until = Millis(2000);
  CHECK(code(may_publish(made, kModerator, true, kNow)) == ErrCode::kMuted);
  made.room->publish = pb::RPB_SERVERS;
  CHECK(code(may_publish(made, kOwner, true, kNow)) == ErrCode::kForbidden);
}

TEST_CASE("a room that is made while it is read is as it was made") {
  test::MemoryStore store;
  RoomBook book(store);
  std::vector<RoomRecordPtr> loaded;
  const auto load = [&] {
    book.load(kRoom, [&](Result<RoomRecordPtr> record) {
      REQUIRE(record);
      loaded.push_back(*record);
    });
  };
  store.hold();
  load();
  load();  // the same reading answers both
  CHECK(store.held() == 1);
  CHECK(book.find(kRoom) == nullptr);
  store::Room room;
  room.id = kRoom;
  book.made(room, kOwner);
  store.release();
  REQUIRE(loaded.size() == 2);
  CHECK(loaded[0] == loaded[1]);
  CHECK(loaded[0]->room);
  CHECK(room_role(*loaded[0], kOwner) == pb::RR_OWNER);
  book.deleted(kRoom);
  CHECK_FALSE(loaded[0]->room);
  CHECK(room_role(*loaded[0], kOwner) == pb::RR_NONE);
}

TEST_CASE("a room's id is one that JSON's numbers hold") {
  test::MemoryStore store;
  test::FalseClock clock;
  Shards shards;
  shards.push_back(std::make_unique<Shard>(0));
  router::Rooms live(shards, clock, {});
  Rooms rooms(store, live, clock, {});
  const auto load = [&](std::int64_t id) {
    auto answer = ErrCode::kServerUnknown;
    rooms.load(RoomId(id), [&](const Result<RoomRecordPtr>& record) { answer = record.code(); });
    return answer;
  };
  CHECK(load(1) == ErrCode::kSuccess);
  CHECK(load(store::kLastRoom) == ErrCode::kSuccess);
  for (auto id : {std::int64_t{0}, store::kLastRoom + 1, INT64_MAX, INT64_MIN})
    CHECK(load(id) == ErrCode::kBadRequest);
}

TEST_CASE("a room whose rights cannot be read is read again later") {
  test::MemoryStore store;
  RoomBook book(store);
  store.refuse(ErrCode::kStorage);
  auto answer = ErrCode::kSuccess;
  const auto load = [&] {
    book.load(kRoom, [&](const Result<RoomRecordPtr>& record) {
      answer = record ? ErrCode::kSuccess : record.error().code();
    });
  };
  load();
  CHECK(answer == ErrCode::kStorage);
  store.refuse(std::nullopt);
  load();
  CHECK(answer == ErrCode::kSuccess);
  CHECK(book.find(kRoom) != nullptr);
}

TEST_CASE("rights that nobody needs are forgotten, those in use never") {
  test::MemoryStore store;
  RoomBook book(store);
  RoomRecordPtr used;
  book.load(kRoom, [&](Result<RoomRecordPtr> record) { used = *record; });
  for (std::int64_t id = 100; id < 100000; ++id)
    book.load(RoomId(id), [](const Result<RoomRecordPtr>&) {});
  CHECK(book.find(kRoom) == used);
  std::size_t there = 0;
  for (std::int64_t id = 100; id < 100000; ++id)
    there += book.find(RoomId(id)) != nullptr ? 1 : 0;
  CHECK(there < 20000);
}
