// When a token is over: with the commit that ends it, and not when its caller gets to run again.
#include "pb/user.ext.pb.h"
#include "people.hpp"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/base/random.hpp"
#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>

#include <utility>
#include <vector>

using namespace linnet;
using namespace linnet::user;

namespace {

AccountOptions one_code() {
  AccountOptions options;
  options.fixed_code = "7777";
  options.device_policy = DevicePolicy::kSingle;
  return options;
}

struct EndsFixture {
  EndsFixture() {
    REQUIRE(init_random());
    accounts.on_revoked([this](DeviceId which, ErrCode why) { told.emplace_back(which, why); });
  }
  DeviceId device() {
    store::Device made;
    made.type = 1;
    return new_device(store, made);
  }
  static pb::SignInReq request(DeviceId on) { return sign_in_by("7777", "100", on); }
  std::string sign_in(DeviceId on) {
    auto signed_in = test::run(accounts.sign_in(Caller(), request(on)));
    REQUIRE(signed_in);
    return signed_in->token();
  }
  ErrCode prove(const std::string& token) {
    ErrCode code = ErrCode::kServerUnknown;
    accounts.authenticate(*parse_token(token),
                          [&](Result<Identity> identity) { code = identity.code(); });
    return code;
  }

  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  Accounts accounts{store, clock, log, one_code()};
  std::vector<std::pair<DeviceId, ErrCode>> told;
};

}  // namespace

TEST_CASE_METHOD(EndsFixture, "a token is over with the commit of its sign-out") {
  const auto on = device();
  const auto token = sign_in(on);
  REQUIRE(prove(token) == ErrCode::kSuccess);
  told.clear();

  store.hold();
  test::Begun<Unit> out(accounts.sign_out(parse_token(token)->user, on));
  REQUIRE(store.held() == 1);
  store.release();

  CHECK(prove(token) == ErrCode::kUnauthorized);
  CHECK(told == std::vector{std::pair(on, ErrCode::kSignedOut)});
  out.go();
  REQUIRE(out.done());
  CHECK(out.result());
  CHECK(told.size() == 1);
}

TEST_CASE_METHOD(EndsFixture,
                 "a sign-in ends with its commit what it replaces, and later nothing newer") {
  const auto on = device();
  const auto other = device();
  const auto excluded = sign_in(other);
  // Bound before, so that the next sign-in excludes the other device at its commit.
  REQUIRE(prove(excluded) == ErrCode::kSuccess);
  told.clear();

  const auto first_request = request(on);
  const Caller nobody;
  store.hold();
  test::Begun<pb::SignInResp> first(accounts.sign_in(nobody, first_request));
  // Until its sign-in itself is what is held.
  for (int i = 0; i < 2; ++i) {
    REQUIRE(store.held() == 1);
    store.release(1);
    first.go();
  }
  REQUIRE(store.held() == 1);
  store.release();
  CHECK(prove(excluded) == ErrCode::kUnauthorized);
  CHECK(told == std::vector{std::pair(on, ErrCode::kSignedOut),
                            std::pair(other, ErrCode::kDeviceExcluded)});

  // Another sign-in on the device comes and is done before the first goes on.
  const auto newer = sign_in(on);
  REQUIRE(prove(newer) == ErrCode::kSuccess);
  told.clear();
  first.go();
  CHECK(first.done());
  CHECK(told.empty());
}
