// The contract of AccountStore, which every engine keeps: users, profiles and passwords.
#include "account_calls.hpp"

using namespace linnet;
using namespace linnet::test;

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
  CHECK(device_of(engine.store(), second)->user == made.user);
  CHECK(device_of(engine.store(), other.device)->user == other.user);
  auto user = user_of(engine.store(), made.user.value());
  REQUIRE(user);
  CHECK(user->phone_number == "+1");
  CHECK(user->nickname == "new");
  CHECK(user->created == Millis(7));
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
    const auto found = password_of(store, number);
    return found ? std::optional(found->hash) : std::nullopt;
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

TEMPLATE_TEST_CASE("a password that was changed since it was proved signs nobody in", "", LazyMerge,
                   MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  auto calls = engine.calls();
  const UserId anna(calls.user("100"));
  const auto device = calls.device();
  auto set = [&](const std::string& hash) {
    Calls::get(await<Unit>(
        [&](Done<Unit> done) { store.set_password(anna, hash, Millis(5), std::move(done)); }));
  };
  auto sign_in = [&](const std::string& number, const std::string& hash, bool makes_user) {
    store::SignIn proved;
    proved.phone_number = number;
    proved.device = device;
    proved.makes_user = makes_user;
    proved.password_hash = hash;
    return await<store::SignedIn>(
               [&](Done<store::SignedIn> done) { store.sign_in(proved, std::move(done)); })
        .code();
  };

  CHECK(sign_in("100", "one", false) == ErrCode::kBadPassword);
  set("one");
  CHECK(sign_in("100", "one", false) == ErrCode::kSuccess);
  set("two");
  CHECK(sign_in("100", "one", false) == ErrCode::kBadPassword);
  CHECK(sign_in("100", "two", false) == ErrCode::kSuccess);
  CHECK(sign_in("100", "", false) == ErrCode::kSuccess);
  set("");
  CHECK(sign_in("100", "two", false) == ErrCode::kBadPassword);
  // Nor is anybody made by one.
  CHECK(sign_in("300", "two", true) == ErrCode::kBadPassword);
  CHECK(sign_in("300", "", false) == ErrCode::kUserNotExist);
}

TEMPLATE_TEST_CASE("wrong passwords are noted by user, and stay so when the right one changes", "",
                   LazyMerge, MemoryEngine) {
  TestType engine;
  auto& store = engine.store();
  const UserId anna(engine.calls().user("100"));
  const UserId ben(engine.calls().user("200"));
  const auto set = [&](UserId user, const std::string& hash) {
    Calls::get(await<Unit>(
        [&](Done<Unit> done) { store.set_password(user, hash, Millis(5), std::move(done)); }));
  };
  const auto note = [&](UserId user, std::int32_t count, std::int64_t since) {
    return await<Unit>([&](Done<Unit> done) {
             store.note_wrong_passwords(user, count, Millis(since), std::move(done));
           })
        .code();
  };
  set(anna, "one");
  CHECK(password_of(store, "100")->user == anna);
  CHECK(password_of(store, "100")->wrong == 0);

  CHECK(note(anna, 3, 1000) == ErrCode::kSuccess);
  CHECK(note(anna, 7, 2000) == ErrCode::kSuccess);
  set(anna, "two");
  CHECK(password_of(store, "100")->hash == "two");
  CHECK(password_of(store, "100")->wrong == 7);
  CHECK(password_of(store, "100")->wrong_since == Millis(2000));

  // Where there is no password there is nothing to note it by.
  CHECK(note(ben, 3, 1000) == ErrCode::kSuccess);
  CHECK(note(UserId(404), 3, 1000) == ErrCode::kSuccess);
  CHECK_FALSE(password_of(store, "200"));
  set(ben, "one");
  CHECK(password_of(store, "200")->wrong == 0);
  set(anna, "");
  set(anna, "three");
  CHECK(password_of(store, "100")->wrong == 0);
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
