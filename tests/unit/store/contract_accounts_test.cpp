// The contract of AccountStore, which every engine keeps.
#include "store_kit.hpp"

using namespace linnet;
using namespace linnet::test;

namespace {

std::optional<store::User> user_of(store::Store& store, std::int64_t user) {
  return Calls::get(await<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
    store.get_user(UserId(user), std::move(done));
  }));
}

std::optional<store::Device> device_of(store::Store& store, DeviceId device) {
  return Calls::get(await<std::optional<store::Device>>(
      [&](Done<std::optional<store::Device>> done) { store.get_device(device, std::move(done)); }));
}

std::optional<store::TokenRecord> token_of(store::Store& store, DeviceId device) {
  return Calls::get(
      await<std::optional<store::TokenRecord>>([&](Done<std::optional<store::TokenRecord>> done) {
        store.get_token(device, std::move(done));
      }));
}

ErrCode set_token(store::Store& store, DeviceId device, const store::TokenRecord& token) {
  return await<Unit>([&](Done<Unit> done) { store.set_token(device, token, std::move(done)); })
      .code();
}

}  // namespace

TEMPLATE_TEST_CASE("a device is kept as it was registered, bound to nobody", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  store::Device device;
  device.user = UserId(77);
  device.type = 2;
  device.brand = "b";
  device.model = "m";
  device.system_version = "12";
  device.sdk_version = "1.0";
  device.created = device.updated = Millis(4);

  auto id = engine.calls().device(device);
  auto second = engine.calls().device(device);

  CHECK(id != second);
  auto kept = device_of(engine.store(), id);
  REQUIRE(kept);
  CHECK(kept->id == id);
  CHECK(kept->user == UserId());
  CHECK(kept->type == 2);
  CHECK(kept->brand + kept->model + kept->system_version + kept->sdk_version == "bm121.0");
  CHECK(kept->created == Millis(4));
  CHECK_FALSE(device_of(engine.store(), DeviceId(12345)));
}

TEMPLATE_TEST_CASE("a phone number is one user, on however many devices", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto first = calls.device();
  auto second = calls.device();

  auto made = Calls::get(calls.try_sign_in("+1", first));
  auto found = Calls::get(calls.try_sign_in("+1", second));
  auto other = Calls::get(calls.try_sign_in("+2", second));

  CHECK(made.created);
  CHECK_FALSE(found.created);
  CHECK(found.user == made.user);
  CHECK(other.user != made.user);
  CHECK(device_of(engine.store(), first)->user == made.user);
  CHECK(device_of(engine.store(), second)->user == other.user);
  auto user = user_of(engine.store(), made.user.value());
  REQUIRE(user);
  CHECK(user->phone_number == "+1");
  CHECK(user->nickname == "new");
  CHECK(user->created == Millis(7));
}

TEMPLATE_TEST_CASE("signing in on an unknown device makes no user", "", LazyMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  CHECK(calls.try_sign_in("+1", DeviceId(404)).code() == ErrCode::kDeviceNotExist);
  CHECK(Calls::get(calls.try_sign_in("+1", calls.device())).created);
}

TEMPLATE_TEST_CASE("a device has one token, which the next sign-in ends", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto device = calls.device();
  auto user = Calls::get(calls.try_sign_in("+1", device)).user;
  const std::string hash("\0\x01\xff hash", 8);

  CHECK(set_token(engine.store(), device, {UserId(99), hash, Millis(9)}) ==
        ErrCode::kDeviceNotBindUser);
  CHECK(set_token(engine.store(), DeviceId(404), {user, hash, Millis(9)}) ==
        ErrCode::kDeviceNotBindUser);
  CHECK_FALSE(token_of(engine.store(), device));
  CHECK(set_token(engine.store(), device, {user, "older", Millis(8)}) == ErrCode::kSuccess);
  CHECK(set_token(engine.store(), device, {user, hash, Millis(9)}) == ErrCode::kSuccess);
  auto token = token_of(engine.store(), device);
  REQUIRE(token);
  CHECK(token->user == user);
  CHECK(token->hash == hash);
  CHECK(token->expires == Millis(9));

  Calls::get(calls.try_sign_in("+1", device));
  CHECK_FALSE(token_of(engine.store(), device));
}

TEMPLATE_TEST_CASE("a device that is signed out has no token and belongs to nobody", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  const auto device = calls.device();
  const auto user = Calls::get(calls.try_sign_in("100", device)).user;
  REQUIRE(set_token(store, device, {user, "hash", Millis(50)}) == ErrCode::kSuccess);
  auto sign_out = [&](UserId who) {
    return await<Unit>(
               [&](Done<Unit> done) { store.sign_out(who, device, Millis(60), std::move(done)); })
        .code();
  };
  CHECK(sign_out(UserId(user.value() + 1)) == ErrCode::kDeviceNotBindUser);
  CHECK(token_of(store, device));
  CHECK(sign_out(user) == ErrCode::kSuccess);
  CHECK_FALSE(token_of(store, device));
  CHECK(device_of(store, device)->user == UserId());
  CHECK(sign_out(user) == ErrCode::kDeviceNotBindUser);
}

TEMPLATE_TEST_CASE("only the token that a device still has is extended", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  const auto device = calls.device();
  const auto user = Calls::get(calls.try_sign_in("100", device)).user;
  REQUIRE(set_token(store, device, {user, "hash", Millis(50)}) == ErrCode::kSuccess);
  auto extend = [&](const std::string& hash, std::int64_t until) {
    REQUIRE(await<Unit>([&](Done<Unit> done) {
      store.extend_token(device, {user, hash, Millis(until)}, std::move(done));
    }));
    return token_of(store, device)->expires.value();
  };
  CHECK(extend("hash", 70) == 70);
  CHECK(extend("hash", 60) == 70);
  CHECK(extend("former", 90) == 70);
}

TEMPLATE_TEST_CASE("a user's devices are listed, with when each was seen", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  const auto first = calls.device();
  const auto second = calls.device();
  calls.device();  // nobody's
  const auto user = Calls::get(calls.try_sign_in("100", first)).user;
  Calls::get(calls.try_sign_in("100", second));
  for (auto seen : {50, 40})
    REQUIRE(await<Unit>(
        [&](Done<Unit> done) { store.set_seen(second, Millis(seen), std::move(done)); }));
  auto devices_of = [&](UserId who) {
    return Calls::get(await<std::vector<store::Device>>(
        [&](Done<std::vector<store::Device>> done) { store.user_devices(who, std::move(done)); }));
  };
  auto devices = devices_of(user);
  REQUIRE(devices.size() == 2);
  CHECK(devices[0].id == first);
  CHECK(devices[0].seen == Millis());
  CHECK(devices[1].seen == Millis(50));
  CHECK(devices_of(UserId()).empty());
}

TEMPLATE_TEST_CASE("a sign-in ends the devices that it excludes, no others", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  auto device = [&](std::int32_t type) {
    store::Device made;
    made.type = type;
    return calls.device(made);
  };
  const auto phone = device(1);
  const auto desktop = device(3);
  const auto strangers = device(1);
  const auto user = Calls::get(calls.try_sign_in("100", phone)).user;
  Calls::get(calls.try_sign_in("100", desktop));
  Calls::get(calls.try_sign_in("200", strangers));
  REQUIRE(set_token(store, phone, {user, "hash", Millis(50)}) == ErrCode::kSuccess);
  store::SignIn sign_in;
  sign_in.phone_number = "100";
  sign_in.device = device(2);
  sign_in.exclusive_types = {1, 2};
  sign_in.now = Millis(9);

  auto signed_in = Calls::get(await<store::SignedIn>(
      [&](Done<store::SignedIn> done) { store.sign_in(sign_in, std::move(done)); }));

  CHECK(signed_in.signed_out == std::vector<DeviceId>{phone});
  CHECK_FALSE(token_of(store, phone));
  CHECK(device_of(store, phone)->user == UserId());
  CHECK(device_of(store, desktop)->user == user);
  CHECK(device_of(store, strangers)->user != UserId());
}

TEMPLATE_TEST_CASE("a user is made once per phone number, and is who signs in with it", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  store::User made;
  made.phone_number = "100";
  made.nickname = "Anna";
  made.extra = "x";
  made.created = Millis(5);
  auto create = [&] {
    return await<UserId>([&](Done<UserId> done) { store.create_user(made, std::move(done)); });
  };
  auto id = create();
  REQUIRE(id);
  CHECK(create().code() == ErrCode::kUserAlreadyExist);
  auto signed_in = Calls::get(calls.try_sign_in("100", calls.device()));
  CHECK(signed_in.user == *id);
  CHECK_FALSE(signed_in.created);
  auto user = user_of(store, id->value());
  REQUIRE(user);
  CHECK(user->nickname == "Anna");
  CHECK(user->extra == "x");
  CHECK(user->created == Millis(5));
}

TEMPLATE_TEST_CASE("a user of another system is bound to a device, and made if need be", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  store::Device made;
  made.type = 1;
  made.created = made.updated = Millis(1000);
  const auto device = engine.calls().device(made);
  auto bind = [&](std::int64_t user, DeviceId on, std::int64_t issued, std::int64_t now) {
    store::Binding binding{UserId(user), on, Millis(issued), Millis(now)};
    return await<UserId>([&](Done<UserId> done) { store.bind_device(binding, std::move(done)); });
  };

  CHECK(bind(7, DeviceId(404), 0, 2000).code() == ErrCode::kDeviceNotExist);
  CHECK(*bind(7000, device, 0, 2000) == UserId());
  CHECK(*bind(7000, device, 0, 3000) == UserId(7000));
  REQUIRE(user_of(store, 7000));
  CHECK(user_of(store, 7000)->phone_number.empty());
  CHECK(device_of(store, device)->user == UserId(7000));
  CHECK(*bind(8000, device, 0, 4000) == UserId(7000));
  CHECK(user_of(store, 8000));

  Calls::get(await<Unit>([&](Done<Unit> done) {
    store.sign_out(UserId(8000), device, Millis(9500), std::move(done));
  }));
  CHECK(bind(8000, device, 0, 10000).code() == ErrCode::kUnauthorized);
  CHECK(bind(8000, device, 8000, 10000).code() == ErrCode::kUnauthorized);
  CHECK(*bind(8000, device, 9000, 10000) == UserId());
  // What ended then has not come back with the new one, whoever holds it.
  CHECK(bind(8000, device, 8000, 11000).code() == ErrCode::kUnauthorized);
  CHECK(bind(7000, device, 8000, 11000).code() == ErrCode::kUnauthorized);
  CHECK(*bind(8000, device, 9000, 12000) == UserId(8000));

  store::User named;
  named.id = UserId(8000);
  auto create = [&] {
    return await<UserId>([&](Done<UserId> done) { store.create_user(named, std::move(done)); });
  };
  CHECK(create().code() == ErrCode::kUserAlreadyExist);
  named.id = UserId(9000);
  CHECK(*create() == UserId(9000));
  CHECK(user_of(store, 9000));
}

TEMPLATE_TEST_CASE("profiles of another system are put in, and put in again", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  const UserId numbered(engine.calls().user("100"));
  auto put = [&](std::vector<store::User> users) {
    Calls::get(
        await<Unit>([&](Done<Unit> done) { store.put_users(std::move(users), std::move(done)); }));
  };
  store::User one;
  one.id = UserId(7000);
  one.nickname = "one";
  one.created = Millis(5);
  one.updated = Millis(6);
  auto two = one;
  two.id = numbered;
  two.nickname = "two";
  put({one, two});
  CHECK(user_of(store, 7000)->nickname == "one");
  CHECK(user_of(store, 7000)->created == Millis(5));
  CHECK(user_of(store, numbered.value())->nickname == "two");
  CHECK(user_of(store, numbered.value())->phone_number == "100");
  one.nickname = "three";
  one.updated = Millis(9);
  put({one});
  CHECK(user_of(store, 7000)->nickname == "three");
  CHECK(user_of(store, 7000)->updated == Millis(9));
}

TEMPLATE_TEST_CASE("a user is found by the whole phone number, unless one blocks the other", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  const UserId anna(engine.calls().user("100"));
  const UserId ben(engine.calls().user("200"));
  auto find = [&](const std::string& number, UserId seeker) {
    auto found =
        Calls::get(await<std::optional<store::User>>([&](Done<std::optional<store::User>> done) {
          store.find_user(number, seeker, std::move(done));
        }));
    return found ? found->id : UserId();
  };
  auto block = [&](UserId user, UserId other, bool blocked) {
    Calls::get(await<Unit>([&](Done<Unit> done) {
      store.set_blocked(user, other, blocked, Millis(5), std::move(done));
    }));
  };

  CHECK(find("200", anna) == ben);
  CHECK(find("100", anna) == UserId());
  CHECK(find("20", anna) == UserId());
  CHECK(find("20%", anna) == UserId());
  block(ben, anna, true);
  CHECK(find("200", anna) == UserId());
  CHECK(find("100", ben) == UserId());
  block(ben, anna, false);
  CHECK(find("200", anna) == ben);
}

TEMPLATE_TEST_CASE("a password is kept by user, and found by phone number", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  const UserId anna(engine.calls().user("100"));
  engine.calls().user("200");
  auto set = [&](UserId user, const std::string& hash) {
    return await<Unit>(
               [&](Done<Unit> done) { store.set_password(user, hash, Millis(5), std::move(done)); })
        .code();
  };
  auto get = [&](const std::string& number) {
    return Calls::get(await<std::optional<std::string>>([&](Done<std::optional<std::string>> done) {
      store.get_password(number, std::move(done));
    }));
  };

  CHECK_FALSE(get("100"));
  CHECK(set(anna, "one") == ErrCode::kSuccess);
  CHECK(get("100") == "one");
  CHECK_FALSE(get("200"));
  CHECK_FALSE(get("300"));
  CHECK(set(anna, "two") == ErrCode::kSuccess);
  CHECK(get("100") == "two");
  CHECK(set(anna, "") == ErrCode::kSuccess);
  CHECK_FALSE(get("100"));
  CHECK(set(UserId(404), "x") == ErrCode::kUserNotExist);
}

TEMPLATE_TEST_CASE("a profile can be changed, a phone number cannot", "", LazyMerge, MemoryEngine) {
  TestType engine;
  auto id = engine.calls().user("+1");
  store::User user;
  user.id = UserId(id);
  user.phone_number = "+2";
  user.nickname = "Änne";
  user.sex = 2;
  user.avatar_url = "u";
  user.extra = "e";
  user.updated = Millis(50);
  auto update = [&] {
    return await<Unit>([&](Done<Unit> done) { engine.store().update_user(user, std::move(done)); })
        .code();
  };

  CHECK(update() == ErrCode::kSuccess);
  auto kept = user_of(engine.store(), id);
  REQUIRE(kept);
  CHECK(kept->phone_number == "+1");
  CHECK(kept->nickname == "Änne");
  CHECK(kept->sex == 2);
  CHECK(kept->avatar_url + kept->extra == "ue");
  CHECK(kept->created == Millis(7));
  CHECK(kept->updated == Millis(50));
  user.id = UserId(404);
  CHECK(update() == ErrCode::kUserNotExist);
  CHECK_FALSE(user_of(engine.store(), 404));
}
