// The contract of AccountStore::erase_user, which every engine keeps.
#include "account_calls.hpp"
#include "group_calls.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

Result<std::vector<DeviceId>> erase(store::Store& store, std::int64_t user) {
  return await<std::vector<DeviceId>>([&](Done<std::vector<DeviceId>> done) {
    store.erase_user(UserId(user), Millis(9), std::move(done));
  });
}

bool exists(store::Store& store, std::int64_t user) {
  return Calls::get(await<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
           store.get_user(UserId(user), std::move(done));
         }))
      .has_value();
}

ErrCode befriend(store::Store& store, std::int64_t one, std::int64_t other) {
  store::FriendRequest request;
  request.from = UserId(one);
  request.to = UserId(other);
  auto asked = await<store::Appended>([&](Done<store::Appended> done) {
    store.request_friend(request, text(0, {other}, "asks"), std::move(done));
  });
  if (!asked) return asked.code();
  return await<store::Appended>([&](Done<store::Appended> done) {
           store.agree_friend(UserId(other), UserId(one), "", Millis(8), text(0, {one}, "agrees"),
                              std::move(done));
         })
      .code();
}

std::size_t friends_of(store::Store& store, std::int64_t user) {
  return Calls::get(await<std::vector<store::Friend>>([&](Done<std::vector<store::Friend>> done) {
           store.friends(UserId(user), UserId(), 100, std::move(done));
         }))
      .size();
}

std::vector<UserId> blocked_by(store::Store& store, std::int64_t user) {
  return Calls::get(await<std::vector<UserId>>([&](Done<std::vector<UserId>> done) {
    store.blocked(UserId(user), UserId(), 100, std::move(done));
  }));
}

ErrCode block(store::Store& store, std::int64_t user, std::int64_t other) {
  return await<Unit>([&](Done<Unit> done) {
           store.set_blocked(UserId(user), UserId(other), true, Millis(8), std::move(done));
         })
      .code();
}

ErrCode put_password(store::Store& store, std::int64_t user) {
  return await<Unit>([&](Done<Unit> done) {
           store.set_password(UserId(user), "hash", Millis(8), std::move(done));
         })
      .code();
}

}  // namespace

TEMPLATE_TEST_CASE("an erased user is gone with all that was its own, and its messages stay", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  const auto anna = calls.user("100");
  const auto ben = calls.user("200");
  const auto carl = calls.user("300");
  REQUIRE(Calls::get(calls.try_sign_in("100", calls.device())).user.value() == anna);
  REQUIRE(befriend(store, anna, ben) == ErrCode::kSuccess);
  REQUIRE(befriend(store, carl, anna) == ErrCode::kSuccess);
  REQUIRE(block(store, anna, ben) == ErrCode::kSuccess);
  REQUIRE(block(store, ben, anna) == ErrCode::kSuccess);
  REQUIRE(put_password(store, anna) == ErrCode::kSuccess);
  calls.append(text(anna, {anna, ben}, "hello"));

  const auto devices = erase(store, anna);

  REQUIRE(devices);
  CHECK(devices->size() == 2);
  CHECK_FALSE(exists(store, anna));
  CHECK_FALSE(password_of(store, "100"));
  CHECK(friends_of(store, ben) == 0);
  CHECK(friends_of(store, carl) == 0);
  CHECK(friends_of(store, anna) == 0);
  CHECK(blocked_by(store, ben).empty());
  CHECK(blocked_by(store, anna).empty());
  CHECK(calls.inbox(ben).back() == "hello");
  CHECK(erase(store, anna).code() == ErrCode::kUserNotExist);
  CHECK(exists(store, ben));
}

TEMPLATE_TEST_CASE("an erased user's devices are nobody's, and their tokens prove nothing", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  const auto device = calls.device();
  const auto anna = Calls::get(calls.try_sign_in("100", device)).user;
  store::TokenRecord token;
  token.user = anna;
  token.hash = std::string(32, 'h');
  token.expires = Millis(INT64_MAX);
  const auto set = [&] {
    return await<Unit>([&](Done<Unit> done) { store.set_token(device, token, std::move(done)); })
        .code();
  };
  REQUIRE(set() == ErrCode::kSuccess);

  CHECK(Calls::get(erase(store, anna.value())) == std::vector<DeviceId>{device});

  CHECK_FALSE(Calls::get(
      await<std::optional<store::TokenRecord>>([&](Done<std::optional<store::TokenRecord>> done) {
        store.get_token(device, std::move(done));
      })));
  CHECK(set() == ErrCode::kDeviceNotBindUser);
  // Whoever signs in on it is somebody else.
  CHECK(Calls::get(calls.try_sign_in("500", device)).user != anna);
}

TEMPLATE_TEST_CASE("of an erased user's devices no more is known than their type", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  store::Device described;
  described.type = 3;
  described.brand = "brand";
  described.model = "model";
  described.system_version = "system";
  described.sdk_version = "sdk";
  described.created = described.updated = Millis(5);
  const auto here = calls.device(described);
  const auto left = calls.device(described);
  const auto others = calls.device(described);
  const auto anna = Calls::get(calls.try_sign_in("100", here)).user;
  REQUIRE(calls.try_sign_in("100", left));
  REQUIRE(await<Unit>(
      [&](Done<Unit> done) { store.sign_out(anna, left, Millis(8), std::move(done)); }));
  REQUIRE(calls.try_sign_in("200", others));
  const auto see = [&](DeviceId device) {
    REQUIRE(
        await<Unit>([&](Done<Unit> done) { store.set_seen(device, Millis(9), std::move(done)); }));
  };
  see(here);

  REQUIRE(erase(store, anna.value()));
  see(here);  // its connection has ended by now

  for (auto device : {here, left}) {
    const auto known = device_of(store, device);
    REQUIRE(known);
    CHECK(known->type == 3);
    CHECK_FALSE(known->user);
    CHECK(known->brand + known->model + known->system_version + known->sdk_version == "");
    for (auto time : {known->created, known->updated, known->seen})
      CHECK_FALSE(time);
  }
  CHECK(device_of(store, others)->brand == "brand");
  // Who signs in with its id has a device of that type.
  const auto behind = Calls::get(calls.try_sign_in("300", here)).device;
  CHECK(device_of(store, behind)->type == 3);
  see(behind);
  CHECK(device_of(store, behind)->seen == Millis(9));
}

TEMPLATE_TEST_CASE("nobody is given the id or anything else of an erased user", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  const auto ben = calls.user("200");
  const auto last = calls.user("100");
  calls.append(text(ben, {ben, last}, "for the old one"));
  REQUIRE(erase(store, last));

  const auto next = Calls::get(calls.try_sign_in("100", calls.device()));

  CHECK(next.created);
  CHECK(next.user.value() > last);
  CHECK(calls.inbox(next.user.value()).empty());
  store::User again;
  again.id = UserId(last);
  CHECK(await<UserId>([&](Done<UserId> done) {
          store.create_user(again, std::move(done));
        }).code() == ErrCode::kUserAlreadyExist);
  CHECK(await<Unit>([&](Done<Unit> done) { store.put_users({again}, std::move(done)); }).code() ==
        ErrCode::kSuccess);
  CHECK_FALSE(exists(store, last));
  store::Binding binding;
  binding.user = UserId(last);
  binding.device = calls.device();
  binding.issued = binding.now = Millis(INT64_MAX / 2);
  CHECK(await<store::Bound>([&](Done<store::Bound> done) {
          store.bind_device(binding, std::move(done));
        }).code() == ErrCode::kUnauthorized);
  CHECK_FALSE(exists(store, last));
}

TEMPLATE_TEST_CASE("who is in a group is not erased, and nothing of it is", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  GroupCalls calls(engine.store());
  const auto anna = calls.user("100");
  const auto ben = calls.user("200");
  const auto group = calls.group(store::kSmallGroup, {ben, anna});
  REQUIRE(befriend(engine.store(), anna, ben) == ErrCode::kSuccess);

  CHECK(erase(engine.store(), anna).code() == ErrCode::kServerBusy);

  CHECK(exists(engine.store(), anna));
  CHECK(friends_of(engine.store(), ben) == 1);
  store::GroupEdit leave;
  leave.removed.push_back(UserId(anna));
  calls.edit(group, leave);
  CHECK(erase(engine.store(), anna).ok());
  CHECK(calls.members_of(group) == std::vector<std::int64_t>{ben});
}

TEMPLATE_TEST_CASE("calls that come behind an erasure leave nothing of the user", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  GroupCalls calls(store);
  const auto anna = calls.user("100");
  const auto ben = calls.user("200");
  const auto group = calls.group(store::kSmallGroup, {ben});
  calls.append(text(ben, {ben, anna}, "to anna"));
  calls.acknowledge(anna, 1, 1);
  REQUIRE(erase(store, anna).ok());

  store::FriendRequest asked;
  asked.from = UserId(anna);
  asked.to = UserId(ben);
  CHECK(await<store::Appended>([&](Done<store::Appended> done) {
          store.request_friend(asked, text(0, {ben}, "asked"), std::move(done));
        }).code() == ErrCode::kUnauthorized);
  CHECK(await<Unit>([&](Done<Unit> done) {
          store.set_blocked(UserId(anna), UserId(ben), true, Millis(9), std::move(done));
        }).code() == ErrCode::kUnauthorized);
  store::Member member;
  member.user = UserId(anna);
  CHECK(await<GroupId>([&](Done<GroupId> done) {
          store.create_group(store::Group(), {member}, std::move(done));
        }).code() == ErrCode::kUserNotExist);
  CHECK(await<RoomId>([&](Done<RoomId> done) {
          store.create_room(store::Room(), UserId(anna), std::move(done));
        }).code() == ErrCode::kUserNotExist);
  bool erased = false;
  Calls::get(await<store::GroupEdited>([&](Done<store::GroupEdited> done) {
    store.edit_group(
        group, {UserId(ben), UserId(anna)},
        [&](const store::GroupView& view) -> Result<store::GroupEdit> {
          erased = view.persons.back().erased;
          return store::GroupEdit();
        },
        std::move(done));
  }));
  CHECK(erased);
  CHECK(calls.inbox(ben) == std::vector<std::string>{"to anna"});
}
