// The contract of RoomStore, on every engine.
#include "store_kit.hpp"

#include <set>

using namespace linnet;
using namespace linnet::test;

namespace {

constexpr RoomId kRoom{7};
constexpr std::int32_t kModerator = 1;  // pb.RoomRole
constexpr std::int32_t kOwner = 2;

struct Rooms {
  explicit Rooms(store::Store& s) : store(s) {}
  Result<RoomId> create(RoomId id, std::int64_t owner = 0) {
    store::Room room;
    room.id = id;
    room.name = "name";
    room.publish = 1;
    room.slow_s = 3;
    room.created = Millis(5);
    room.updated = Millis(5);
    return await<RoomId>(
        [&](Done<RoomId> done) { store.create_room(room, UserId(owner), std::move(done)); });
  }
  store::RoomRights rights(RoomId id) {
    return std::move(*await<store::RoomRights>(
        [&](Done<store::RoomRights> done) { store.room_rights(id, std::move(done)); }));
  }
  Result<store::Room> edit(RoomId id, store::RoomEdit edit) {
    edit.now = Millis(100);
    return await<store::Room>(
        [&](Done<store::Room> done) { store.edit_room(id, edit, std::move(done)); });
  }
  Result<store::RoomUser> edit(RoomId id, std::int64_t user, store::RoomUserEdit edit) {
    edit.user = UserId(user);
    edit.now = Millis(100);
    return await<store::RoomUser>(
        [&](Done<store::RoomUser> done) { store.edit_room_user(id, edit, std::move(done)); });
  }
  void keep(RoomId id, std::int64_t seq, std::size_t most = 100) {
    const store::RoomItem item{Seq(seq), "said " + std::to_string(seq)};
    REQUIRE(await<Unit>(
        [&](Done<Unit> done) { store.keep_room_item(id, item, most, std::move(done)); }));
  }
  std::vector<store::RoomItem> items(RoomId id, std::size_t most) {
    using Items = std::vector<store::RoomItem>;
    return std::move(
        *await<Items>([&](Done<Items> done) { store.room_items(id, most, std::move(done)); }));
  }
  Status remove(RoomId id, store::RoomActor actor = {}) {
    return await<Unit>([&](Done<Unit> done) { store.delete_room(id, actor, std::move(done)); });
  }
  store::Store& store;
};

store::RoomUserEdit muted(std::int64_t until) {
  store::RoomUserEdit edit;
  edit.muted_until = Millis(until);
  return edit;
}

}  // namespace

TEMPLATE_TEST_CASE("a room is made once, with its owner", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  CHECK_FALSE(rooms.rights(kRoom).room);
  REQUIRE(rooms.create(kRoom, 9));
  CHECK(rooms.create(kRoom).error().code() == ErrCode::kRoomAlreadyExist);
  auto rights = rooms.rights(kRoom);
  REQUIRE(rights.room);
  CHECK(rights.room->name == "name");
  CHECK(rights.room->publish == 1);
  CHECK(rights.room->slow_s == 3);
  CHECK(rights.room->created == Millis(5));
  REQUIRE(rights.users.size() == 1);
  CHECK(rights.users[0].user == UserId(9));
  CHECK(rights.users[0].role == 2);

  auto free = rooms.create(RoomId());
  REQUIRE(free);
  CHECK(free->value() == store::kFirstRoom);
  CHECK(rooms.create(RoomId())->value() == store::kFirstRoom + 1);
}

TEMPLATE_TEST_CASE("an edit of a room changes what it names", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  store::RoomEdit edit;
  edit.slow_s = 60;
  CHECK(rooms.edit(kRoom, edit).error().code() == ErrCode::kRoomNotExist);
  edit.make = true;
  auto made = rooms.edit(kRoom, edit);
  REQUIRE(made);
  CHECK(made->slow_s == 60);
  CHECK(made->created == Millis(100));
  store::RoomEdit mute;
  mute.muted_until = Millis(500);
  mute.name = "new";
  REQUIRE(rooms.edit(kRoom, mute));
  auto room = *rooms.rights(kRoom).room;
  CHECK(room.slow_s == 60);
  CHECK(room.name == "new");
  CHECK(room.muted_until == Millis(500));
  CHECK(room.updated == Millis(100));
}

TEMPLATE_TEST_CASE("what is said of a user of a room adds up, and is forgotten when it is nothing",
                   "", LazyMerge, MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  CHECK(rooms.edit(kRoom, 3, muted(500)).error().code() == ErrCode::kRoomNotExist);
  REQUIRE(rooms.create(kRoom));
  REQUIRE(rooms.edit(kRoom, 3, muted(500)));
  store::RoomUserEdit ban;
  ban.banned_until = Millis(600);
  auto both = rooms.edit(kRoom, 3, ban);
  REQUIRE(both);
  CHECK(both->muted_until == Millis(500));
  CHECK(both->banned_until == Millis(600));
  store::RoomUserEdit role;
  role.role = 1;
  REQUIRE(rooms.edit(kRoom, 4, role));
  CHECK(rooms.rights(kRoom).users.size() == 2);

  ban.banned_until = Millis(0);
  REQUIRE(rooms.edit(kRoom, 3, ban));
  auto none = rooms.edit(kRoom, 3, muted(0));
  REQUIRE(none);
  CHECK(none->role == 0);
  REQUIRE(rooms.rights(kRoom).users.size() == 1);
  CHECK(rooms.rights(kRoom).users[0].user == UserId(4));

  store::RoomUserEdit one_more;
  one_more.role = 1;
  one_more.most = 1;
  CHECK(rooms.edit(kRoom, 6, one_more).error().code() == ErrCode::kTooLarge);
  CHECK(rooms.edit(kRoom, 4, one_more));

  auto edit = muted(900);
  edit.make = true;
  REQUIRE(rooms.edit(RoomId(8), 5, edit));
  CHECK(rooms.rights(RoomId(8)).room);
}

TEMPLATE_TEST_CASE("a room that is deleted takes its rights with it", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  CHECK(rooms.remove(kRoom).error().code() == ErrCode::kRoomNotExist);
  REQUIRE(rooms.create(kRoom, 9));
  REQUIRE(rooms.remove(kRoom));
  CHECK_FALSE(rooms.rights(kRoom).room);
  REQUIRE(rooms.create(kRoom));
  CHECK(rooms.rights(kRoom).users.empty());
}

TEMPLATE_TEST_CASE("one acts on a room, and on those below oneself, as one's role in it allows", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  REQUIRE(rooms.create(kRoom, 9));
  store::RoomUserEdit role;
  role.role = kModerator;
  REQUIRE(rooms.edit(kRoom, 4, role));
  const std::vector<std::int64_t> people{3, 4, 9};  // nobody, the moderator, the owner
  for (std::size_t actor = 0; actor < people.size(); ++actor) {
    for (std::size_t target = 0; target < people.size(); ++target) {
      CAPTURE(actor, target);
      auto edit = muted(500);
      edit.actor = {UserId(people[actor]), kModerator};
      CHECK(rooms.edit(kRoom, people[target], edit).code() ==
            (actor > target ? ErrCode::kSuccess : ErrCode::kForbidden));
    }
    store::RoomEdit slower;
    slower.slow_s = 60;
    slower.actor = {UserId(people[actor]), kModerator};
    CHECK(rooms.edit(kRoom, slower).code() ==
          (actor > 0 ? ErrCode::kSuccess : ErrCode::kForbidden));
    slower.actor.role = kOwner;
    CHECK(rooms.edit(kRoom, slower).code() ==
          (actor > 1 ? ErrCode::kSuccess : ErrCode::kForbidden));
  }
  for (auto user : {3, 4})
    CHECK(rooms.remove(kRoom, {UserId(user), kOwner}).code() == ErrCode::kForbidden);
  CHECK(rooms.rights(kRoom).users.size() == 3);
  CHECK(rooms.remove(kRoom, {UserId(9), kOwner}).ok());
}

TEMPLATE_TEST_CASE("a role that is taken away allows nothing that comes behind", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  Rooms rooms(store);
  REQUIRE(rooms.create(kRoom, 9));
  const auto edit = [&](std::int64_t user, store::RoomUserEdit what) {
    what.user = UserId(user);
    what.now = Millis(100);
    return begin<store::RoomUser>(
        [&](Done<store::RoomUser> done) { store.edit_room_user(kRoom, what, std::move(done)); });
  };
  store::RoomUserEdit role;
  role.role = kModerator;
  auto ban = muted(0);
  ban.banned_until = Millis(500);
  ban.actor = {UserId(4), kModerator};

  // All at once, so that they may share a transaction.
  auto promoted = edit(4, role);
  auto first = edit(3, ban);
  auto above = edit(5, role);
  auto beside = edit(5, ban);
  role.role = 0;
  auto demoted = edit(4, role);
  auto second = edit(6, ban);
  auto ousted = edit(9, role);
  auto removed = begin<Unit>([&](Done<Unit> done) {
    store.delete_room(kRoom, {UserId(9), kOwner}, std::move(done));
  });

  for (auto* granted : {&promoted, &first, &above, &demoted, &ousted})
    CHECK(end(std::move(*granted)).ok());
  CHECK(end(std::move(beside)).code() == ErrCode::kForbidden);
  CHECK(end(std::move(second)).code() == ErrCode::kForbidden);
  CHECK(end(std::move(removed)).code() == ErrCode::kForbidden);
  const auto rights = rooms.rights(kRoom);
  REQUIRE(rights.room);
  REQUIRE(rights.users.size() == 2);
  CHECK(rights.users[0].banned_until == Millis(500));
  CHECK(rights.users[1].role == kModerator);
}

TEMPLATE_TEST_CASE("what was said in a room is kept, the newest of it", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  REQUIRE(rooms.create(kRoom));
  for (std::int64_t seq = 1; seq <= 5; ++seq)
    rooms.keep(kRoom, seq);
  rooms.keep(RoomId(8), 1);
  auto newest = rooms.items(kRoom, 2);
  REQUIRE(newest.size() == 2);
  CHECK(newest[0].seq == Seq(4));
  CHECK(newest[1].item == "said 5");
  CHECK(rooms.items(kRoom, 10).size() == 5);
  REQUIRE(rooms.remove(kRoom));
  CHECK(rooms.items(kRoom, 10).empty());
  CHECK(rooms.items(RoomId(8), 10).size() == 1);
}

TEMPLATE_TEST_CASE("a room gets an id that is free, whatever ids others have taken", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  for (auto taken : {store::kFirstRoom, store::kLastRoom, INT64_MAX})
    rooms.keep(RoomId(taken), 1);
  REQUIRE(rooms.create(RoomId(store::kFirstRoom + 1)));
  std::set<RoomId> given;
  const auto make_some = [&] {
    for (int i = 0; i < 3; ++i) {
      auto made = rooms.create(RoomId());
      REQUIRE(made);
      CHECK(made->value() > store::kFirstRoom + 1);
      CHECK(made->value() < store::kLastRoom);
      CHECK(given.insert(*made).second);
    }
  };
  make_some();
  REQUIRE(rooms.create(RoomId(store::kLastRoom), 9));
  make_some();
  CHECK(rooms.rights(RoomId(store::kLastRoom)).users.size() == 1);
}

TEMPLATE_TEST_CASE("what was said in a room that nobody has made ends with its deletion", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  rooms.keep(kRoom, 1);
  rooms.keep(RoomId(8), 1);
  REQUIRE(rooms.remove(kRoom));
  CHECK(rooms.items(kRoom, 10).empty());
  CHECK(rooms.items(RoomId(8), 10).size() == 1);
  CHECK(rooms.remove(kRoom).code() == ErrCode::kRoomNotExist);
}

TEMPLATE_TEST_CASE("what was said in a room is forgotten up to where one says", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  Rooms rooms(engine.store());
  for (std::int64_t seq = 1; seq <= 3; ++seq)
    rooms.keep(kRoom, seq);
  rooms.keep(RoomId(8), 1);
  REQUIRE(await<Unit>(
      [&](Done<Unit> done) { engine.store().forget_room_items(kRoom, Seq(2), std::move(done)); }));
  REQUIRE(rooms.items(kRoom, 10).size() == 1);
  CHECK(rooms.items(kRoom, 10)[0].seq == Seq(3));
  CHECK(rooms.items(RoomId(8), 10).size() == 1);
}

TEST_CASE("of what was said in a room the oldest is forgotten") {
  LazyMerge engine;
  Rooms rooms(engine.store());
  for (std::int64_t seq = 1; seq <= 200; ++seq)
    rooms.keep(kRoom, seq, 10);
  auto kept = rooms.items(kRoom, 1000);
  CHECK(kept.size() >= 10);
  CHECK(kept.size() < 30);
  CHECK(kept.back().seq == Seq(200));
}
