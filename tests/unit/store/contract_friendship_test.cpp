// The contract of FriendStore about how a friendship begins, which every engine keeps.
#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;
using store::Friendship;

namespace {

Result<store::Appended> request(store::Store& store, std::int64_t from, std::int64_t to) {
  store::FriendRequest asked;
  asked.from = UserId(from);
  asked.to = UserId(to);
  asked.remarks = "my friend " + std::to_string(to);
  asked.description = "it is me";
  asked.now = Millis(5);
  return await<store::Appended>([&](Done<store::Appended> done) {
    store.request_friend(asked, text(0, {to}, "asked by " + std::to_string(from)), std::move(done));
  });
}

Result<store::Appended> agree(store::Store& store, std::int64_t user, std::int64_t asker) {
  return await<store::Appended>([&](Done<store::Appended> done) {
    store.agree_friend(UserId(user), UserId(asker), "old " + std::to_string(asker), Millis(6),
                       text(0, {asker}, "agreed by " + std::to_string(user)), std::move(done));
  });
}

Result<Friendship> standing(store::Store& store, std::int64_t user, std::int64_t other) {
  return await<Friendship>([&](Done<Friendship> done) {
    store.friendship(UserId(user), UserId(other), std::move(done));
  });
}

std::vector<store::Friend> friends(store::Store& store, std::int64_t user) {
  return Calls::get(await<std::vector<store::Friend>>([&](Done<std::vector<store::Friend>> done) {
    store.friends(UserId(user), UserId(), 1000, std::move(done));
  }));
}

}  // namespace

TEMPLATE_TEST_CASE("who asks and is agreed to is a friend, and each is told once", "", LazyMerge,
                   EagerMerge, MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  auto anna = calls.user("+1");
  auto ben = calls.user("+2");
  CHECK(*standing(store, anna, ben) == Friendship::kNone);

  auto asked = Calls::get(request(store, anna, ben));
  CHECK(asked.placed == std::vector<store::Placed>{{UserId(ben), Seq(1)}});
  CHECK(Calls::get(request(store, anna, ben)).duplicate);
  CHECK(*standing(store, anna, ben) == Friendship::kRequested);
  CHECK(*standing(store, ben, anna) == Friendship::kNone);
  CHECK(friends(store, ben).empty());

  auto agreed = Calls::get(agree(store, ben, anna));
  CHECK(agreed.placed == std::vector<store::Placed>{{UserId(anna), Seq(1)}});
  CHECK(Calls::get(agree(store, ben, anna)).duplicate);
  CHECK(Calls::get(request(store, anna, ben)).duplicate);
  CHECK(Calls::get(request(store, ben, anna)).duplicate);

  CHECK(*standing(store, anna, ben) == Friendship::kFriends);
  CHECK(*standing(store, ben, anna) == Friendship::kFriends);
  auto of_anna = friends(store, anna);
  REQUIRE(of_anna.size() == 1);
  CHECK(of_anna[0].user.id == UserId(ben));
  CHECK(of_anna[0].user.phone_number == "+2");
  CHECK(of_anna[0].remarks == "my friend " + std::to_string(ben));
  REQUIRE(friends(store, ben).size() == 1);
  CHECK(friends(store, ben)[0].remarks == "old " + std::to_string(anna));
  CHECK(calls.inbox(ben) == std::vector<std::string>{"asked by " + std::to_string(anna)});
  CHECK(calls.inbox(anna) == std::vector<std::string>{"agreed by " + std::to_string(ben)});
}

TEMPLATE_TEST_CASE("two who asked each other are friends when one agrees", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto anna = engine.calls().user("+1");
  auto ben = engine.calls().user("+2");
  Calls::get(request(store, anna, ben));
  Calls::get(request(store, ben, anna));

  CHECK_FALSE(Calls::get(agree(store, anna, ben)).duplicate);

  CHECK(*standing(store, anna, ben) == Friendship::kFriends);
  CHECK(*standing(store, ben, anna) == Friendship::kFriends);
  CHECK(Calls::get(agree(store, ben, anna)).duplicate);
}

TEMPLATE_TEST_CASE("what cannot be asked or agreed to changes nothing", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  auto anna = calls.user("+1");
  auto ben = calls.user("+2");

  CHECK(request(store, anna, 404).code() == ErrCode::kUserNotExist);
  CHECK(standing(store, anna, 404).code() == ErrCode::kUserNotExist);
  CHECK(agree(store, ben, anna).code() == ErrCode::kBadRequest);
  Calls::get(request(store, ben, anna));
  CHECK(agree(store, ben, anna).code() == ErrCode::kBadRequest);

  CHECK(calls.head(404) == 0);
  CHECK(calls.inbox(anna).size() == 1);
  CHECK(calls.inbox(ben).empty());
}

TEMPLATE_TEST_CASE("a request whose notice cannot be stored is not noted either", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  auto anna = calls.user("+1");
  auto ben = calls.user("+2");
  store::FriendRequest asked;
  asked.from = UserId(anna);
  asked.to = UserId(ben);

  auto failed = await<store::Appended>([&](Done<store::Appended> done) {
    store.request_friend(asked, text(0, {ben, -1}, "notice"), std::move(done));
  });

  CHECK(failed.code() == ErrCode::kBadRequest);
  CHECK(*standing(store, anna, ben) == Friendship::kNone);
  CHECK(calls.head(ben) == 0);
  CHECK(calls.append(text(0, {ben}, "next")).placed[0].seq == Seq(1));
}
