// Passwords: that a right one signs in, and that a wrong one tells nothing and is not tried for
// long.
#include "password_workers.hpp"
#include "pb/user.ext.pb.h"
#include "people.hpp"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"
#include "tries.hpp"

#include "linnet/base/random.hpp"
#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>

#include <future>

using namespace linnet;
using namespace linnet::user;

namespace {

constexpr PasswordCost kCheap{1, 8192};

AccountOptions with_passwords() {
  AccountOptions options;
  options.fixed_code = "7777";
  options.failures_per_minute = 3;
  options.passwords = true;
  options.password_cost = kCheap;
  return options;
}

struct PasswordsFixture {
  PasswordsFixture() { REQUIRE(init_random()); }

  DeviceId device() { return new_device(store); }
  // Signs in by code: whose calls follow.
  Caller person(const std::string& number) {
    return user::person(store, accounts, "7777", number, "10.0.0.1");
  }
  ErrCode set(const Caller& caller, const std::string& password, const std::string& old = {},
              const std::string& code = {}) {
    pb::SetPasswordReq request;
    request.set_password(password);
    request.set_old_password(old);
    request.set_code(code);
    return test::run(accounts.set_password(caller, request)).code();
  }
  ErrCode sign_in(const std::string& number, const std::string& password,
                  const std::string& address = "10.0.0.2") {
    return sign_in_at(accounts, number, password, address);
  }
  ErrCode sign_in_at(Accounts& at, const std::string& number, const std::string& password,
                     const std::string& address = "10.0.0.2") {
    pb::SignInByPasswordReq request;
    request.set_phone_number(number);
    request.set_password(password);
    request.set_device_id(device().value());
    Caller caller;
    caller.address = address;
    return test::run(at.sign_in_by_password(caller, request)).code();
  }
  store::Password stored(const std::string& number) {
    using Found = std::optional<store::Password>;
    auto found = test::run(
        wait_for<Found>([&](Done<Found> done) { store.get_password(number, std::move(done)); }));
    REQUIRE(found);
    REQUIRE(*found);
    return **found;
  }

  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  Accounts accounts{store, clock, log, with_passwords()};
};

}  // namespace

TEST_CASE_METHOD(PasswordsFixture, "a password that was set signs in, and no other does") {
  auto anna = person("100");
  person("200");
  CHECK(sign_in("100", "correct horse") == ErrCode::kBadPassword);
  CHECK(set(anna, "correct horse") == ErrCode::kSuccess);
  CHECK(sign_in("100", "correct horse") == ErrCode::kSuccess);
  CHECK(sign_in("100", "correct horsf") == ErrCode::kBadPassword);
  CHECK(sign_in("100", "") == ErrCode::kBadPassword);
  CHECK(sign_in("200", "correct horse") == ErrCode::kBadPassword);
  CHECK(sign_in("300", "correct horse") == ErrCode::kBadPassword);
  CHECK(sign_in("100", std::string(300, 'x')) == ErrCode::kBadPassword);
  CHECK(sign_in("12", "correct horse") == ErrCode::kBadRequest);
}

TEST_CASE_METHOD(PasswordsFixture,
                 "a password is changed by who knows it, or proves the number again") {
  auto anna = person("100");
  CHECK(set(anna, "short") == ErrCode::kBadRequest);
  CHECK(set(anna, std::string(257, 'x')) == ErrCode::kBadRequest);
  CHECK(set(anna, "correct horse") == ErrCode::kSuccess);
  CHECK(set(anna, "battery staple") == ErrCode::kBadPassword);
  CHECK(set(anna, "battery staple", "wrong") == ErrCode::kBadPassword);
  CHECK(set(anna, "battery staple", {}, "1") == ErrCode::kBadCode);
  CHECK(sign_in("100", "correct horse") == ErrCode::kSuccess);
  CHECK(set(anna, "battery staple", "correct horse") == ErrCode::kSuccess);
  CHECK(sign_in("100", "correct horse") == ErrCode::kBadPassword);
  clock.pass(std::chrono::minutes(1));
  CHECK(set(anna, "third secret", {}, "7777") == ErrCode::kSuccess);
  CHECK(sign_in("100", "third secret") == ErrCode::kSuccess);
  CHECK(set(anna, "", "third secret") == ErrCode::kSuccess);
  CHECK(sign_in("100", "third secret") == ErrCode::kBadPassword);
}

TEST_CASE_METHOD(PasswordsFixture, "a first password is set just after a sign-in, or by a code") {
  auto anna = person("100");
  clock.pass(std::chrono::minutes(10));
  CHECK(set(anna, "a thief's own") == ErrCode::kBadCode);
  CHECK(set(anna, "a thief's own", "a thief's own") == ErrCode::kBadCode);
  CHECK(set(anna, "a thief's own", {}, "1") == ErrCode::kBadCode);
  CHECK(sign_in("100", "a thief's own") == ErrCode::kBadPassword);
  CHECK(set(anna, "correct horse", {}, "7777") == ErrCode::kSuccess);
  CHECK(sign_in("100", "correct horse") == ErrCode::kSuccess);
}

TEST_CASE_METHOD(PasswordsFixture, "wrong passwords are limited for a number and from an address") {
  auto anna = person("100");
  CHECK(set(anna, "correct horse") == ErrCode::kSuccess);
  for (int i = 0; i < 3; ++i)
    CHECK(sign_in("100", "wrong") == ErrCode::kBadPassword);
  CHECK(sign_in("100", "correct horse") == ErrCode::kRateLimited);
  // Nobody's number is counted as well, so that this tells nothing either.
  for (int i = 0; i < 3; ++i)
    CHECK(sign_in("300", "wrong") == ErrCode::kBadPassword);
  CHECK(sign_in("300", "wrong") == ErrCode::kRateLimited);

  clock.pass(std::chrono::minutes(1));
  for (int i = 0; i < 15; ++i)
    CHECK(sign_in(std::to_string(500 + i), "wrong", "10.0.0.9") == ErrCode::kBadPassword);
  CHECK(sign_in("100", "correct horse", "10.0.0.9") == ErrCode::kRateLimited);
  CHECK(sign_in("100", "correct horse") == ErrCode::kSuccess);
  for (int i = 0; i < 20; ++i)
    CHECK(sign_in("100", "correct horse") == ErrCode::kSuccess);
}

TEST_CASE_METHOD(PasswordsFixture,
                 "a restart allows no new guesses, and keeps nobody out for longer") {
  auto anna = person("100");
  person("200");
  CHECK(set(anna, "correct horse") == ErrCode::kSuccess);
  for (int i = 0; i < 2; ++i)
    CHECK(sign_in("100", "wrong") == ErrCode::kBadPassword);
  CHECK(sign_in("100", "correct horse") == ErrCode::kSuccess);
  const auto since = clock.wall();
  clock.pass(std::chrono::seconds(20));
  {
    Accounts again(store, clock, log, with_passwords());
    CHECK(sign_in_at(again, "100", "correct horse") == ErrCode::kSuccess);
    CHECK(sign_in_at(again, "100", "wrong") == ErrCode::kBadPassword);
    CHECK(sign_in_at(again, "100", "correct horse") == ErrCode::kRateLimited);
  }
  CHECK(stored("100").wrong == 3);
  CHECK(stored("100").wrong_since == since);
  {
    Accounts again(store, clock, log, with_passwords());
    CHECK(sign_in_at(again, "100", "correct horse") == ErrCode::kRateLimited);
    clock.pass(std::chrono::seconds(40));
    CHECK(sign_in_at(again, "100", "correct horse") == ErrCode::kSuccess);
  }
  Accounts again(store, clock, log, with_passwords());
  CHECK(sign_in_at(again, "100", "correct horse") == ErrCode::kSuccess);
}

TEST_CASE_METHOD(PasswordsFixture,
                 "a password that was replaced while it was proved signs in nobody") {
  auto anna = person("100");
  REQUIRE(set(anna, "correct horse") == ErrCode::kSuccess);
  pb::SignInByPasswordReq request;
  request.set_phone_number("100");
  request.set_password("correct horse");
  request.set_device_id(device().value());
  // The hash that it is held against was read before the password is replaced.
  store.hold();
  const Caller nobody;
  test::Begun<pb::SignInResp> signing_in(accounts.sign_in_by_password(nobody, request));
  REQUIRE(store.held() == 1);
  store.set_password(anna.identity.user, "$argon2id$another", clock.wall(), [](const Status&) {});
  store.release();
  CHECK(signing_in.end().code() == ErrCode::kBadPassword);
}

TEST_CASE_METHOD(PasswordsFixture, "without the setting there are no passwords") {
  Accounts plain(store, clock, log, AccountOptions());
  CHECK(test::run(plain.sign_in_by_password(Caller(), pb::SignInByPasswordReq())).code() ==
        ErrCode::kNotOffered);
  CHECK(test::run(plain.set_password(Caller(), pb::SetPasswordReq())).code() ==
        ErrCode::kNotOffered);
}

TEST_CASE_METHOD(PasswordsFixture, "the store has argon2id's text, never the password") {
  auto anna = person("100");
  CHECK(set(anna, "correct horse") == ErrCode::kSuccess);
  const auto hash = stored("100").hash;
  CHECK(hash.starts_with("$argon2id$"));
  CHECK(hash.find("horse") == std::string::npos);
}

TEST_CASE("what does not fit the queue is refused at once, and closing ends what waits") {
  REQUIRE(init_random());
  PasswordWorkers workers(1, 2, kCheap);
  std::promise<void> entered;
  std::promise<void> go;
  // Keeps the one worker busy.
  workers.verify("", "x", [&](const Status&) {
    entered.set_value();
    go.get_future().wait();
  });
  entered.get_future().wait();
  std::vector<ErrCode> ends;
  std::mutex mutex;
  auto note = [&](const Status& status) {
    std::lock_guard lock(mutex);
    ends.push_back(status.code());
  };
  for (int i = 0; i < 3; ++i)
    workers.verify("", "x", note);
  CHECK(ends == std::vector{ErrCode::kServerBusy});
  std::thread closing([&] { workers.close(); });
  auto ended = [&] {
    std::lock_guard lock(mutex);
    return ends.size() == 3;
  };
  for (int i = 0; i < 1000 && !ended(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  go.set_value();
  closing.join();
  CHECK(ends == std::vector{ErrCode::kServerBusy, ErrCode::kShuttingDown, ErrCode::kShuttingDown});
  workers.verify("", "x", note);
  CHECK(ends.back() == ErrCode::kShuttingDown);
}

TEST_CASE("tries are counted when they begin, and forgotten after a minute") {
  test::FalseClock clock;
  Tries tries(clock, 2);
  CHECK(tries.take("a"));
  CHECK(tries.take("a"));
  CHECK_FALSE(tries.take("a"));
  CHECK(tries.take("b"));
  tries.give_back("a");
  CHECK(tries.take("a"));
  CHECK_FALSE(tries.take("a"));
  clock.pass(std::chrono::minutes(1));
  CHECK(tries.take("a"));
  Tries unlimited(clock, 0);
  for (int i = 0; i < 100; ++i)
    CHECK(unlimited.take("a"));
}

TEST_CASE("what is noted of failures covers each, in four notes a minute at most") {
  test::FalseClock clock;
  for (const int limit : {1, 3, 4, 10, 1000}) {
    CAPTURE(limit);
    Tries tries(clock, limit);
    int notes = 0;
    Tries::Noted last;
    for (int count = 1; count <= limit; ++count) {
      REQUIRE(tries.take("a", last));
      if (auto noted = tries.note("a")) {
        last = *noted;
        ++notes;
      }
      CHECK(last.count >= count);
      CHECK(last.count <= limit);
      CHECK(last.since == clock.wall());
    }
    CHECK(notes <= 4);
    CHECK_FALSE(tries.take("a", last));
    clock.pass(std::chrono::minutes(1));
    CHECK(tries.take("a", last));
    CHECK(tries.note("a"));
  }
}

TEST_CASE("what was noted counts for the rest of its minute, and never from the future") {
  test::FalseClock clock;
  const auto at = [&](std::chrono::milliseconds ago) {
    return Tries::Noted{3, Millis(clock.wall().value() - ago.count())};
  };
  Tries tries(clock, 3);
  CHECK_FALSE(tries.take("new", at(std::chrono::seconds(0))));
  CHECK_FALSE(tries.take("late", at(std::chrono::milliseconds(59999))));
  CHECK(tries.take("old", at(std::chrono::minutes(1))));
  CHECK(tries.take("future", at(std::chrono::milliseconds(-1))));
  CHECK(tries.take("never", {3, Millis(INT64_MIN)}));
  clock.pass(std::chrono::milliseconds(1));
  CHECK(tries.take("late", at(std::chrono::minutes(1))));
  CHECK_FALSE(tries.take("new", at(std::chrono::milliseconds(1))));
}
