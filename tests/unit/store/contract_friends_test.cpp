// The contract of FriendStore about what comes after a friendship: its end, notes and blocks.
#include "account_calls.hpp"

using namespace linnet;
using namespace linnet::test;
using store::Friendship;

namespace {

// The seam's calls about three users.
struct Three {
  explicit Three(store::Store& s) : store(s), calls(s) {
    for (const char* phone : {"100", "200", "300"})
      ids.push_back(calls.user(phone));
  }
  Result<store::Appended> request(std::int64_t from, std::int64_t to) {
    return ask_friend(store, from, to);
  }
  void befriend(std::int64_t a, std::int64_t b) {
    REQUIRE(request(a, b));
    REQUIRE(agree_friend(store, b, a));
  }
  Friendship standing(std::int64_t user, std::int64_t other) {
    return Calls::get(await<Friendship>([&](Done<Friendship> done) {
      store.friendship(UserId(user), UserId(other), std::move(done));
    }));
  }
  std::vector<store::Friend> friends(std::int64_t user, std::int64_t after = 0,
                                     std::size_t limit = 10) {
    return Calls::get(await<std::vector<store::Friend>>([&](Done<std::vector<store::Friend>> done) {
      store.friends(UserId(user), UserId(after), limit, std::move(done));
    }));
  }
  Status remove(std::int64_t user, std::int64_t other) {
    return await<Unit>([&](Done<Unit> done) {
      store.delete_friend(UserId(user), UserId(other), std::move(done));
    });
  }
  Status set(std::int64_t user, std::int64_t other, std::string remarks, std::string extra) {
    return await<Unit>([&](Done<Unit> done) {
      store.set_friend(UserId(user), UserId(other), remarks, extra, Millis(8), std::move(done));
    });
  }
  Status block(std::int64_t user, std::int64_t other, bool blocked = true) {
    return await<Unit>([&](Done<Unit> done) {
      store.set_blocked(UserId(user), UserId(other), blocked, Millis(8), std::move(done));
    });
  }
  std::vector<UserId> blocked(std::int64_t user, std::int64_t after = 0, std::size_t limit = 10) {
    return Calls::get(await<std::vector<UserId>>([&](Done<std::vector<UserId>> done) {
      store.blocked(UserId(user), UserId(after), limit, std::move(done));
    }));
  }

  store::Store& store;
  Calls calls;
  std::vector<std::int64_t> ids;
};

}  // namespace

TEMPLATE_TEST_CASE("a friendship ends for both, and may begin again", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Three three(engine.store());
  const auto [a, b] = std::pair(three.ids[0], three.ids[1]);
  three.befriend(a, b);

  CHECK(three.remove(b, a));

  CHECK(three.standing(a, b) == Friendship::kNone);
  CHECK(three.standing(b, a) == Friendship::kNone);
  CHECK(three.friends(a).empty());
  CHECK(three.remove(b, a));
  CHECK_FALSE(Calls::get(three.request(a, b)).duplicate);
}

TEMPLATE_TEST_CASE("a request can be taken back, but not by the one who was asked", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  Three three(engine.store());
  const auto [a, b] = std::pair(three.ids[0], three.ids[1]);
  REQUIRE(three.request(a, b));
  CHECK(three.remove(b, a));
  CHECK(three.standing(a, b) == Friendship::kRequested);
  CHECK(three.remove(a, b));
  CHECK(three.standing(a, b) == Friendship::kNone);
  CHECK(three.friends(a).empty());
}

TEMPLATE_TEST_CASE("asking again and again fills nobody's inbox", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Three three(engine.store());
  const auto [a, b] = std::pair(three.ids[0], three.ids[1]);
  auto ask = [&](std::int64_t now) {
    store::FriendRequest asked;
    asked.from = UserId(a);
    asked.to = UserId(b);
    asked.now = Millis(now);
    return Calls::get(await<store::Appended>([&](Done<store::Appended> done) {
      engine.store().request_friend(asked, text(0, {b}, "asked"), std::move(done));
    }));
  };
  constexpr std::int64_t kDay = 24 * 3600 * 1000;
  CHECK_FALSE(ask(1000).duplicate);
  for (std::int64_t now : {std::int64_t{2000}, kDay + 999}) {
    CHECK(three.remove(a, b));
    CHECK(ask(now).duplicate);
    CHECK(three.standing(a, b) == Friendship::kRequested);
  }
  CHECK(three.calls.inbox(b).size() == 1);
  CHECK(three.remove(a, b));
  CHECK_FALSE(ask(kDay + 1000).duplicate);
  CHECK(three.calls.inbox(b).size() == 2);
  // Ending a friendship that there was is another thing: it takes the other's yes.
  three.befriend(a, b);
  CHECK(three.remove(a, b));
  CHECK_FALSE(ask(kDay + 2000).duplicate);
}

TEMPLATE_TEST_CASE("what is noted about a friend is one's own", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Three three(engine.store());
  const auto [a, b] = std::pair(three.ids[0], three.ids[1]);
  CHECK(three.set(a, b, "Bea", "x").code() == ErrCode::kIsNotFriend);
  three.befriend(a, b);

  CHECK(three.set(a, b, "Bea", "x"));

  REQUIRE(three.friends(a).size() == 1);
  CHECK(three.friends(a)[0].remarks == "Bea");
  CHECK(three.friends(a)[0].extra == "x");
  CHECK(three.friends(b)[0].extra.empty());
}

TEMPLATE_TEST_CASE("a blocked user can neither write nor ask", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Three three(engine.store());
  const auto [a, b] = std::pair(three.ids[0], three.ids[1]);
  three.befriend(a, b);

  CHECK(three.block(a, b));
  CHECK(three.block(a, b));

  CHECK(three.standing(b, a) == Friendship::kBlocked);
  CHECK(three.standing(a, b) == Friendship::kFriends);
  CHECK(three.remove(b, a));
  CHECK(three.request(b, a).code() == ErrCode::kBlocked);
  CHECK(three.block(a, b, false));
  CHECK(three.standing(b, a) == Friendship::kNone);
  CHECK(three.request(b, a));
  CHECK(three.block(a, 1'000'000).code() == ErrCode::kUserNotExist);
}

TEMPLATE_TEST_CASE("who asked and then blocked is nobody's friend by an old request", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  Three three(engine.store());
  const auto [a, b] = std::pair(three.ids[0], three.ids[1]);
  REQUIRE(three.request(a, b));
  REQUIRE(three.block(a, b));
  CHECK(agree_friend(engine.store(), b, a).code() == ErrCode::kBlocked);
  CHECK(three.friends(b).empty());
  REQUIRE(three.block(a, b, false));
  CHECK(agree_friend(engine.store(), b, a));
}

TEMPLATE_TEST_CASE("friends and blocked users come in pages", "", LazyMerge, MemoryEngine) {
  TestType engine;
  Three three(engine.store());
  const auto a = three.ids[0];
  const auto b = three.ids[1];
  const auto c = three.ids[2];
  three.befriend(a, c);
  three.befriend(b, a);
  CHECK(three.friends(a, 0, 1).at(0).user.id == UserId(b));
  CHECK(three.friends(a, b, 5).at(0).user.id == UserId(c));
  CHECK(three.friends(a, c).empty());
  CHECK(three.block(a, c));
  CHECK(three.block(a, b));
  CHECK(three.blocked(a, 0, 1) == std::vector<UserId>{UserId(b)});
  CHECK(three.blocked(a, b) == std::vector<UserId>{UserId(c)});
}
