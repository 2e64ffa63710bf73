// The contract of MessageStore::append_to_user, which every engine keeps: who may write to whom
// when the message is committed.
#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

// What a call was answered, which may come later.
template <class T>
class Answer {
 public:
  Done<T> done() {
    return [promise = promise_](Result<T> result) { promise->set_value(std::move(result)); };
  }
  Result<T> get() {
    auto future = promise_->get_future();
    if (future.wait_for(kDeadline) != std::future_status::ready)
      throw std::runtime_error("the store did not complete");
    return future.get();
  }

 private:
  std::shared_ptr<std::promise<Result<T>>> promise_ = std::make_shared<std::promise<Result<T>>>();
};

template <class Engine>
struct Two {
  Two() : calls(engine.calls()), anna(calls.user("+1")), ben(calls.user("+2")) {}

  void send(std::int64_t from, std::int64_t to, std::int64_t request, bool friends_only,
            Done<store::Appended> done) {
    auto message = text(from, {from, to}, std::to_string(request), 5, request).message;
    engine.store().append_to_user(std::move(message), friends_only, std::move(done));
  }
  Result<store::Appended> send(std::int64_t from, std::int64_t to, std::int64_t request,
                               bool friends_only = false) {
    return await<store::Appended>([&](Done<store::Appended> done) {
      send(from, to, request, friends_only, std::move(done));
    });
  }
  void block(std::int64_t user, std::int64_t other, bool blocked, Done<Unit> done) {
    engine.store().set_blocked(UserId(user), UserId(other), blocked, Millis(8), std::move(done));
  }
  void block(std::int64_t user, std::int64_t other, bool blocked) {
    REQUIRE(await<Unit>([&](Done<Unit> done) { block(user, other, blocked, std::move(done)); }));
  }
  void befriend() {
    store::FriendRequest asked;
    asked.from = UserId(anna);
    asked.to = UserId(ben);
    asked.now = Millis(5);
    Calls::get(await<store::Appended>([&](Done<store::Appended> done) {
      engine.store().request_friend(asked, text(0, {ben}, "asked"), std::move(done));
    }));
    Calls::get(await<store::Appended>([&](Done<store::Appended> done) {
      engine.store().agree_friend(UserId(ben), UserId(anna), "", Millis(6),
                                  text(0, {anna}, "agreed"), std::move(done));
    }));
  }

  Engine engine;
  Calls calls;
  std::int64_t anna;
  std::int64_t ben;
};

}  // namespace

TEMPLATE_TEST_CASE("what a user writes to another is in both inboxes, to oneself in one", "",
                   LazyMerge, EagerMerge, MemoryEngine) {
  Two<TestType> two;
  auto sent = Calls::get(two.send(two.anna, two.ben, 1));
  CHECK(sent.placed ==
        std::vector<store::Placed>{{UserId(two.anna), Seq(1)}, {UserId(two.ben), Seq(1)}});
  CHECK(sent.sender_seq == Seq(1));
  auto own = Calls::get(two.send(two.anna, two.anna, 2, true));
  CHECK(own.placed == std::vector<store::Placed>{{UserId(two.anna), Seq(2)}});
  CHECK(two.send(two.anna, 404, 3).code() == ErrCode::kUserNotExist);
  CHECK(two.calls.head(404) == 0);
}

TEMPLATE_TEST_CASE("only friends write to each other where that is asked for", "", LazyMerge,
                   MemoryEngine) {
  Two<TestType> two;
  CHECK(two.send(two.anna, two.ben, 1, true).code() == ErrCode::kIsNotFriend);
  CHECK(two.send(two.anna, two.ben, 2, false));
  two.befriend();
  CHECK(two.send(two.anna, two.ben, 3, true));
  CHECK(two.send(two.ben, two.anna, 4, true));
  REQUIRE(await<Unit>([&](Done<Unit> done) {
    two.engine.store().delete_friend(UserId(two.ben), UserId(two.anna), std::move(done));
  }));
  CHECK(two.send(two.anna, two.ben, 5, true).code() == ErrCode::kIsNotFriend);
  CHECK(two.send(two.ben, two.anna, 6, true).code() == ErrCode::kIsNotFriend);
}

TEMPLATE_TEST_CASE("from the block's commit on nothing comes through, also in one transaction", "",
                   LazyMerge, EagerMerge, MemoryEngine) {
  Two<TestType> two;
  for (std::int64_t round = 0; round < 20; ++round) {
    Calls::get(two.send(two.anna, two.ben, 100 + round));  // known now
    Answer<Unit> blocked;
    Answer<store::Appended> refused;
    Answer<Unit> unblocked;
    Answer<store::Appended> sent;
    two.block(two.ben, two.anna, true, blocked.done());
    two.send(two.anna, two.ben, 200 + round, false, refused.done());
    two.block(two.ben, two.anna, false, unblocked.done());
    two.send(two.anna, two.ben, 300 + round, false, sent.done());
    CHECK(blocked.get());
    CHECK(refused.get().code() == ErrCode::kBlocked);
    CHECK(unblocked.get());
    CHECK(sent.get());
  }
  CHECK(two.calls.head(two.ben) == 40);
}

TEMPLATE_TEST_CASE("who blocks another may still write to it", "", LazyMerge, MemoryEngine) {
  Two<TestType> two;
  two.block(two.ben, two.anna, true);
  CHECK(two.send(two.ben, two.anna, 1));
  CHECK(two.send(two.anna, two.ben, 2).code() == ErrCode::kBlocked);
}

TEMPLATE_TEST_CASE("a retry is answered as before, also when its sender is blocked meanwhile", "",
                   LazyMerge, EagerMerge, MemoryEngine) {
  Two<TestType> two;
  auto sent = Calls::get(two.send(two.anna, two.ben, 1));
  two.block(two.ben, two.anna, true);
  auto again = Calls::get(two.send(two.anna, two.ben, 1));
  CHECK(again.duplicate);
  CHECK(again.id == sent.id);
  CHECK(again.sender_seq == sent.sender_seq);
  CHECK(two.calls.head(two.ben) == 1);
}

TEMPLATE_TEST_CASE("who was erased writes no more, and nobody to it", "", LazyMerge, MemoryEngine) {
  Two<TestType> two;
  Calls::get(two.send(two.anna, two.ben, 1));
  Calls::get(two.send(two.ben, two.anna, 2));
  Answer<std::vector<DeviceId>> erased;
  Answer<store::Appended> from;
  Answer<store::Appended> to;
  two.engine.store().erase_user(UserId(two.anna), Millis(9), erased.done());
  two.send(two.anna, two.ben, 3, false, from.done());
  two.send(two.ben, two.anna, 4, false, to.done());
  CHECK(erased.get());
  CHECK(from.get().code() == ErrCode::kUnauthorized);
  CHECK(to.get().code() == ErrCode::kUserNotExist);
  CHECK(two.calls.head(two.ben) == 2);
}
