// The contract of AccountStore, which every engine keeps: devices, sign-ins and tokens.
#include "account_calls.hpp"

using namespace linnet;
using namespace linnet::test;

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

TEMPLATE_TEST_CASE("signing in on an unknown device makes no user", "", LazyMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  CHECK(calls.try_sign_in("+1", DeviceId(404)).code() == ErrCode::kDeviceNotExist);
  CHECK(Calls::get(calls.try_sign_in("+1", calls.device())).created);
}

TEMPLATE_TEST_CASE("a sign-in that makes no user is for who there is", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  store::SignIn sign_in;
  sign_in.phone_number = "100";
  sign_in.device = calls.device();
  sign_in.makes_user = false;
  const auto code = [&] {
    return await<store::SignedIn>([&](Done<store::SignedIn> done) {
             engine.store().sign_in(sign_in, std::move(done));
           })
        .code();
  };
  CHECK(code() == ErrCode::kUserNotExist);
  CHECK(device_of(engine.store(), sign_in.device)->user == UserId());
  calls.user("100");
  CHECK(code() == ErrCode::kSuccess);
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
    return await<store::Bound>(
        [&](Done<store::Bound> done) { store.bind_device(binding, std::move(done)); });
  };

  CHECK(bind(7, DeviceId(404), 0, 2000).code() == ErrCode::kDeviceNotExist);
  CHECK(bind(7000, device, 0, 2000)->device == device);
  CHECK(bind(7000, device, 0, 3000)->device == device);
  REQUIRE(user_of(store, 7000));
  CHECK(user_of(store, 7000)->phone_number.empty());
  CHECK(device_of(store, device)->user == UserId(7000));
  const auto behind = Calls::get(bind(8000, device, 0, 4000)).device;
  CHECK(behind != device);
  CHECK(user_of(store, 8000));
  CHECK(device_of(store, device)->user == UserId(7000));

  Calls::get(await<Unit>([&](Done<Unit> done) {
    store.sign_out(UserId(8000), behind, Millis(9500), std::move(done));
  }));
  CHECK(bind(8000, device, 0, 10000).code() == ErrCode::kUnauthorized);
  CHECK(bind(8000, device, 8000, 10000).code() == ErrCode::kUnauthorized);
  CHECK(bind(8000, device, 9000, 10000)->device == behind);
  // What ended then has not come back with the new one.
  CHECK(bind(8000, device, 8000, 11000).code() == ErrCode::kUnauthorized);
  CHECK(bind(8000, device, 9000, 12000)->device == behind);
  // Another's on the same device is its own.
  CHECK(bind(7000, device, 8000, 11000)->device == device);

  // What is exact must be later, not of the same second.
  auto bind_exactly = [&](std::int64_t issued) {
    const store::Binding binding{UserId(8000), device, Millis(issued), Millis(13000), true};
    return await<store::Bound>(
               [&](Done<store::Bound> done) { store.bind_device(binding, std::move(done)); })
        .code();
  };
  CHECK(bind_exactly(9499) == ErrCode::kUnauthorized);
  CHECK(bind_exactly(9500) == ErrCode::kUnauthorized);
  CHECK(bind_exactly(9501) == ErrCode::kSuccess);

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

TEMPLATE_TEST_CASE("a device is its first user's, and others have their own behind it", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  store::Device made;
  made.type = 2;
  made.brand = "b";
  const auto device = calls.device(made);
  const auto anna = Calls::get(calls.try_sign_in("100", device));
  CHECK(anna.device == device);
  REQUIRE(set_token(store, device, {anna.user, "anna's", Millis(50)}) == ErrCode::kSuccess);

  const auto ben = Calls::get(calls.try_sign_in("200", device));

  CHECK(ben.device != device);
  CHECK(device_of(store, ben.device)->user == ben.user);
  CHECK(device_of(store, ben.device)->brand == "b");
  CHECK(set_token(store, device, {ben.user, "ben's", Millis(50)}) == ErrCode::kDeviceNotBindUser);
  REQUIRE(set_token(store, ben.device, {ben.user, "ben's", Millis(50)}) == ErrCode::kSuccess);
  CHECK(token_of(store, ben.device)->known_as == device);
  // Anna's goes on as if nobody had come.
  CHECK(device_of(store, device)->user == anna.user);
  CHECK(token_of(store, device)->hash == "anna's");
  CHECK(token_of(store, device)->known_as == DeviceId());

  CHECK(Calls::get(calls.try_sign_in("200", device)).device == ben.device);
  CHECK(Calls::get(calls.try_sign_in("100", device)).device == device);
  CHECK(Calls::get(calls.try_sign_in("200", ben.device)).device == ben.device);
  CHECK(Calls::get(calls.try_sign_in("300", device)).device != ben.device);
  // None stands behind one that does so itself.
  CHECK(Calls::get(calls.try_sign_in("100", ben.device)).device == device);

  // Also when the first has signed out: its request ids are remembered.
  Calls::get(await<Unit>(
      [&](Done<Unit> done) { store.sign_out(anna.user, device, Millis(60), std::move(done)); }));
  CHECK(Calls::get(calls.try_sign_in("200", device)).device == ben.device);
  CHECK(Calls::get(calls.try_sign_in("100", device)).device == device);
}

TEMPLATE_TEST_CASE("nobody is given the device of a user who was erased", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto calls = engine.calls();
  auto& store = engine.store();
  const auto device = calls.device();
  const auto anna = Calls::get(calls.try_sign_in("100", device));
  const auto ben = Calls::get(calls.try_sign_in("200", device));
  for (auto user : {anna.user, ben.user})
    Calls::get(await<std::vector<DeviceId>>([&](Done<std::vector<DeviceId>> done) {
      store.erase_user(user, Millis(60), std::move(done));
    }));
  const auto again = Calls::get(calls.try_sign_in("100", device));
  CHECK(again.user != anna.user);
  CHECK(again.device != anna.device);
  CHECK(again.device != ben.device);
}
