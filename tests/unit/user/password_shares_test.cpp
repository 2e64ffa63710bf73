// The queue of passwords to be hashed is everybody's: how much of it one address, number or user
// has.
#include "pb/user.ext.pb.h"
#include "people.hpp"
#include "shares.hpp"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/base/random.hpp"
#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <vector>

using namespace linnet;
using namespace linnet::user;

namespace {

// Nothing is ever hashed there: what came into the queue stays in it.
AccountOptions without_workers() {
  AccountOptions options;
  options.fixed_code = "7777";
  options.passwords = true;
  options.password_threads = 0;
  options.password_cost = {1, 8192};
  options.failures_per_minute = 1000;
  return options;
}

struct SharesFixture {
  SharesFixture() { REQUIRE(init_random()); }
  ~SharesFixture() { accounts.close(); }

  Caller person(const std::string& number, const std::string& address) {
    return user::person(store, accounts, "7777", number, address);
  }
  // Whether it waits to be hashed; refused with kRateLimited if not.
  bool waits(Async<pb::SignInResp> task) { return keep(sign_ins, std::move(task)); }
  bool waits(Async<pb::SetPasswordResp> task) { return keep(changes, std::move(task)); }
  bool sign_in_waits(const std::string& number, const std::string& address) {
    auto request = std::make_unique<pb::SignInByPasswordReq>();
    request->set_phone_number(number);
    request->set_password("correct horse");
    request->set_device_id(1);
    auto caller = std::make_unique<Caller>();
    caller->address = address;
    auto task = accounts.sign_in_by_password(*caller, *request);
    sign_in_requests.push_back(std::move(request));
    callers.push_back(std::move(caller));
    return waits(std::move(task));
  }
  bool change_waits(const Caller& caller) {
    return waits(accounts.set_password(caller, new_password));
  }

  template <class T>
  bool keep(std::vector<std::unique_ptr<test::Begun<T>>>& kept, Async<T> task) {
    auto begun = std::make_unique<test::Begun<T>>(std::move(task));
    if (!begun->done()) {
      kept.push_back(std::move(begun));
      return true;
    }
    CHECK(begun->end().code() == ErrCode::kRateLimited);
    return false;
  }

  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  Accounts accounts{store, clock, log, without_workers()};
  pb::SetPasswordReq new_password = [] {
    pb::SetPasswordReq request;
    request.set_password("correct horse");
    return request;
  }();
  std::vector<std::unique_ptr<pb::SignInByPasswordReq>> sign_in_requests;
  std::vector<std::unique_ptr<Caller>> callers;
  std::vector<std::unique_ptr<test::Begun<pb::SignInResp>>> sign_ins;
  std::vector<std::unique_ptr<test::Begun<pb::SetPasswordResp>>> changes;
};

}  // namespace

TEST_CASE_METHOD(SharesFixture, "one address has no more than its share of the passwords' queue") {
  int waiting = 0;
  for (int i = 0; i < 70; ++i)
    waiting += sign_in_waits(std::to_string(1000 + i % 7), "10.0.0.1") ? 1 : 0;
  CHECK(waiting == 8);
  // A change of a password is of the same share.
  CHECK_FALSE(change_waits(person("300", "10.0.0.1")));
  CHECK(sign_in_waits("1000", "10.0.0.2"));
}

TEST_CASE_METHOD(SharesFixture, "one number has no more than its share, from wherever") {
  int waiting = 0;
  for (int i = 0; i < 70; ++i)
    waiting += sign_in_waits("1000", "10.0.1." + std::to_string(i)) ? 1 : 0;
  CHECK(waiting == 8);
  CHECK(sign_in_waits("1001", "10.0.0.2"));
}

TEST_CASE_METHOD(SharesFixture, "a user has one password hashed at a time, from wherever") {
  auto anna = person("100", "10.0.0.1");
  CHECK(change_waits(anna));
  CHECK_FALSE(change_waits(anna));
  anna.address = "10.0.0.2";
  CHECK_FALSE(change_waits(anna));
  CHECK(change_waits(person("200", "10.0.0.2")));
}

TEST_CASE_METHOD(SharesFixture, "behind a proxy on this machine the queue is everybody's") {
  int waiting = 0;
  for (int i = 0; i < 60; ++i)
    waiting += sign_in_waits(std::to_string(1000 + i), "127.0.0.1") ? 1 : 0;
  CHECK(waiting == 60);
}

TEST_CASE("a share that was left is there for the next, and what is refused takes none") {
  Shares shares(2);
  CHECK(shares.enter("a", "x", 1));
  CHECK_FALSE(shares.enter("a", "x", 1));
  CHECK(shares.enter("a", "y", 1));
  CHECK_FALSE(shares.enter("a", "z", 1));
  shares.leave("a", "x");
  CHECK(shares.enter("a", "z", 1));
  CHECK(shares.enter("b", "x", 1));
  Shares unlimited(0);
  for (int i = 0; i < 100; ++i)
    CHECK(unlimited.enter("a", "x", 1));
  unlimited.leave("a", "x");
}
