// What one user may have in the store: friends, groups, devices; and what nobody uses.
#include "account_calls.hpp"
#include "group_calls.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

struct TwoOfEach : SqliteEngine {
  TwoOfEach() : SqliteEngine(two(), {}) {}
  static store::SqliteOptions two() {
    store::SqliteOptions options;
    options.friends_per_user = 2;
    options.groups_per_user = 2;
    options.devices_per_user = 2;
    return options;
  }
};

store::GroupDecision asks_to_join(std::int64_t user) {
  return [user](const store::GroupView& view) -> Result<store::GroupEdit> {
    if (view.persons.front().in_most_groups) return Error(ErrCode::kTooManyGroups);
    store::GroupEdit edit;
    edit.request = store::JoinRequest{UserId(user), "please", Millis(5)};
    return edit;
  };
}

}  // namespace

TEST_CASE("friends and open requests count together, and two who ask each other count once") {
  TwoOfEach engine;
  auto calls = engine.calls();
  std::vector<std::int64_t> users;
  for (const char* phone : {"100", "200", "300", "400"})
    users.push_back(calls.user(phone));
  auto& store = engine.store();
  CHECK(ask_friend(store, users[0], users[1]).code() == ErrCode::kSuccess);
  CHECK(ask_friend(store, users[0], users[2]).code() == ErrCode::kSuccess);
  CHECK(ask_friend(store, users[0], users[3]).code() == ErrCode::kTooManyFriends);
  CHECK(calls.inbox(users[3]).empty());
  // The other has asked as well: nothing is added by the answer.
  CHECK(ask_friend(store, users[1], users[0]).code() == ErrCode::kSuccess);
  CHECK(agree_friend(store, users[0], users[1]).code() == ErrCode::kSuccess);
  CHECK(ask_friend(store, users[3], users[0]).code() == ErrCode::kSuccess);
  CHECK(agree_friend(store, users[0], users[3]).code() == ErrCode::kTooManyFriends);
}

TEST_CASE("a request to join counts as a group until it is answered, and not against itself") {
  TwoOfEach engine;
  GroupCalls calls(engine.store());
  const auto anna = calls.user("100");
  const auto bert = calls.user("200");
  const auto first = calls.group(store::kSmallGroup, {bert});
  const auto second = calls.group(store::kSmallGroup, {bert});
  const auto third = calls.group(store::kSmallGroup, {calls.user("300")});
  CHECK(calls.try_edit(first, {anna}, asks_to_join(anna)));
  CHECK(calls.try_edit(second, {anna}, asks_to_join(anna)));
  CHECK(calls.try_edit(third, {anna}, asks_to_join(anna)).code() == ErrCode::kTooManyGroups);
  CHECK(calls.try_edit(second, {anna}, asks_to_join(anna)));

  const auto let_in = [anna](const store::GroupView& view) -> Result<store::GroupEdit> {
    if (view.persons.front().in_most_groups) return Error(ErrCode::kTooManyGroups);
    store::GroupEdit edit;
    edit.put.push_back(person(anna));
    edit.answered.emplace_back(anna);
    return edit;
  };
  CHECK(calls.try_edit(first, {anna}, let_in));
  CHECK(calls.try_edit(second, {anna}, let_in));
  CHECK(calls.try_edit(third, {anna}, let_in).code() == ErrCode::kTooManyGroups);
  CHECK_THROWS(calls.group(store::kSmallGroup, {anna}));
}

TEST_CASE("one device more takes the place of the one that was not seen for the longest") {
  TwoOfEach engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  const auto old = calls.device();
  const auto seen = calls.device();
  const auto user = Calls::get(calls.try_sign_in("100", old)).user;
  Calls::get(calls.try_sign_in("100", seen));
  REQUIRE(await<Unit>([&](Done<Unit> done) { store.set_seen(seen, Millis(8), std::move(done)); }));

  const auto third = Calls::get(calls.try_sign_in("100", calls.device()));
  CHECK(third.signed_out == std::vector<DeviceId>{old});
  CHECK(device_of(store, old)->user == UserId());
  CHECK(device_of(store, seen)->user == user);
  // Who signs in again where it is already takes nobody's place.
  CHECK(Calls::get(calls.try_sign_in("100", third.device)).signed_out.empty());
}

TEST_CASE("a user of another system has as many devices as others, the newest and the last seen") {
  TwoOfEach engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  const auto bind = [&](std::int64_t user, DeviceId device, std::int64_t now) {
    const store::Binding binding{UserId(user), device, Millis(), Millis(now)};
    return Calls::get(await<store::Bound>(
        [&](Done<store::Bound> done) { store.bind_device(binding, std::move(done)); }));
  };
  const auto old = calls.device();
  const auto seen = calls.device();
  CHECK(bind(7000, old, 1000).signed_out.empty());
  CHECK(bind(7000, seen, 1000).signed_out.empty());
  CHECK(bind(8000, calls.device(), 1000).signed_out.empty());
  REQUIRE(
      await<Unit>([&](Done<Unit> done) { store.set_seen(seen, Millis(5000), std::move(done)); }));

  const auto third = calls.device();
  CHECK(bind(7000, third, 9000).signed_out == std::vector<DeviceId>{old});
  CHECK(device_of(store, old)->user == UserId());
  CHECK(device_of(store, seen)->user == UserId(7000));
  // Who is on it already takes nobody's place, and what was issued before it was signed out is
  // over.
  CHECK(bind(7000, third, 9500).signed_out.empty());
  store::Binding stale{UserId(7000), old, Millis(8000), Millis(9600)};
  CHECK(await<store::Bound>([&](Done<store::Bound> done) {
          store.bind_device(stale, std::move(done));
        }).code() == ErrCode::kUnauthorized);
}

TEST_CASE("what was registered and never used is forgotten, two with each that comes") {
  SqliteEngine engine;
  auto calls = engine.calls();
  const auto on_day = [](std::int64_t day) {
    store::Device device;
    device.created = Millis(day * 24 * 60 * 60 * 1000);
    return device;
  };
  std::vector<DeviceId> unused;
  for (int i = 0; i < 5; ++i)
    unused.push_back(calls.device(on_day(1)));
  const auto used = calls.device(on_day(1));
  Calls::get(calls.try_sign_in("100", used));
  const auto young = calls.device(on_day(20));
  CHECK(engine.number("SELECT count(*) FROM device") == 7);

  calls.device(on_day(32));
  CHECK(engine.number("SELECT count(*) FROM device") == 6);
  calls.device(on_day(32));
  calls.device(on_day(32));
  CHECK(engine.number("SELECT count(*) FROM device") == 5);
  for (auto device : unused)
    CHECK_FALSE(device_of(engine.store(), device));
  CHECK(device_of(engine.store(), used));
  CHECK(device_of(engine.store(), young));
  // No id is given twice, however long nobody came.
  SqliteEngine empty;
  const auto first = empty.calls().device(on_day(1));
  const auto next = empty.calls().device(on_day(90));
  CHECK(next > first);
}
