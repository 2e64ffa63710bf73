// Accounts: tokens, codes, and what sign-in changes.
#include "codes.hpp"
#include "pb/user.ext.pb.h"
#include "people.hpp"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/base/random.hpp"
#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

using namespace linnet;
using namespace linnet::user;

namespace {

AccountOptions make_options() {
  AccountOptions options;
  options.fixed_code = "7777";
  options.token_life = std::chrono::hours(48);
  options.failures_per_minute = 3;
  return options;
}

struct UserFixture {
  UserFixture() { REQUIRE(init_random()); }

  DeviceId device() { return new_device(store); }
  Result<pb::SignInResp> sign_in(const std::string& phone, const std::string& code, DeviceId on) {
    pb::SignInReq request;
    request.set_phone_number(phone);
    request.set_code(code);
    request.set_device_id(on.value());
    return test::run(accounts.sign_in(Caller(), request));
  }
  ErrCode prove(const std::string& token) {
    auto credentials = parse_token(token);
    if (!credentials) return ErrCode::kBadRequest;
    ErrCode code = ErrCode::kServerUnknown;
    accounts.authenticate(*credentials, [&](Result<Identity> identity) { code = identity.code(); });
    return code;
  }

  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  AccountOptions options = make_options();
  Accounts accounts{store, clock, log, options};
};

}  // namespace

TEST_CASE("a token names its user and device, and nothing else is one") {
  auto token = make_token(UserId(12), DeviceId(34), "secret-_");
  auto parsed = parse_token(token);
  REQUIRE(parsed);
  CHECK(parsed->user == UserId(12));
  CHECK(parsed->device == DeviceId(34));
  CHECK(parsed->token == token);

  for (const char* wrong :
       {"", "l1", "l1.", "l1.12", "l1.12.34", "l1.12.34.", "l2.12.34.x", "l1.0.34.x", "l1.12.-4.x",
        "l1.x.34.x", "l1.12.99999999999999999999.x", "l1. 12.34.x"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_token(wrong));
  }
  CHECK_FALSE(parse_token("l1.1.1." + std::string(200, 'x')));
}

TEST_CASE_METHOD(UserFixture, "both codes of development mode sign in, a third does not") {
  auto on = device();
  CHECK(sign_in("100", "7777", on));
  CHECK(sign_in("100", accounts.development_code(), on));
  CHECK(accounts.development_code().size() == 6);
  CHECK(sign_in("100", "", on).code() == ErrCode::kBadCode);
  CHECK(sign_in("100", "77777", on).code() == ErrCode::kBadCode);
}

TEST_CASE_METHOD(UserFixture, "wrong codes are counted per number, and forgotten after a minute") {
  auto on = device();
  for (int i = 0; i < 3; ++i)
    CHECK(sign_in("100", "1", on).code() == ErrCode::kBadCode);
  CHECK(sign_in("100", "7777", on).code() == ErrCode::kRateLimited);
  CHECK(sign_in("200", "7777", on));
  clock.pass(std::chrono::minutes(1));
  CHECK(sign_in("100", "7777", on));
}

TEST_CASE_METHOD(UserFixture, "a phone number is digits, perhaps with a plus") {
  auto on = device();
  for (const char* wrong : {"", "12", "+", "+12", "12a4", "123456789012345678901", "1 23", "++123"})
    CHECK(sign_in(wrong, "7777", on).code() == ErrCode::kBadRequest);
  CHECK(sign_in("+4915112345678", "7777", on));
  CHECK(sign_in("123", "7777", DeviceId(999)).code() == ErrCode::kDeviceNotExist);
  CHECK(sign_in("123", "7777", DeviceId(-1)).code() == ErrCode::kBadRequest);
}

TEST_CASE_METHOD(UserFixture, "a token is good until it expires or its device signs in again") {
  auto on = device();
  auto first = sign_in("100", "7777", on)->token();
  CHECK(prove(first) == ErrCode::kSuccess);
  CHECK(prove(first) == ErrCode::kSuccess);  // from memory now
  auto second = sign_in("100", "7777", on)->token();
  CHECK(prove(first) == ErrCode::kUnauthorized);
  CHECK(prove(second) == ErrCode::kSuccess);
  CHECK(prove(second + "x") == ErrCode::kUnauthorized);

  clock.pass(std::chrono::hours(48));
  CHECK(prove(second) == ErrCode::kUnauthorized);
}

TEST_CASE_METHOD(UserFixture, "nobody ends another's token by naming its device") {
  auto on = device();
  const auto anna = *sign_in("100", "7777", on);
  std::vector<DeviceId> told;
  accounts.on_revoked([&](DeviceId which, ErrCode) { told.push_back(which); });
  const auto ben = *sign_in("200", "7777", on);
  CHECK(prove(anna.token()) == ErrCode::kSuccess);
  CHECK(prove(ben.token()) == ErrCode::kSuccess);
  CHECK(std::count(told.begin(), told.end(), on) == 0);

  // A client says the id that it knows; only with its own token.
  const auto says = [&](std::int64_t user, DeviceId as, const std::string& token) {
    Result<Identity> proved;
    accounts.authenticate({UserId(user), as, token},
                          [&](Result<Identity> identity) { proved = std::move(identity); });
    return proved;
  };
  CHECK(says(anna.user_id(), on, anna.token())->device == on);
  const auto behind = says(ben.user_id(), on, ben.token());
  REQUIRE(behind);
  CHECK(behind->device != on);
  CHECK(says(ben.user_id(), behind->device, ben.token())->device == behind->device);
  CHECK(says(anna.user_id(), on, ben.token()).code() == ErrCode::kUnauthorized);
  CHECK(says(ben.user_id(), on, anna.token()).code() == ErrCode::kUnauthorized);
  CHECK(says(anna.user_id(), behind->device, anna.token()).code() == ErrCode::kUnauthorized);
  CHECK(says(ben.user_id(), DeviceId(behind->device.value() + 1), ben.token()).code() ==
        ErrCode::kUnauthorized);
}

TEST_CASE_METHOD(UserFixture, "a right code is not used up by a device that is none") {
  CHECK(sign_in("100", "1", DeviceId(999)).code() == ErrCode::kDeviceNotExist);
  CHECK(sign_in("100", "7777", device()));
}

TEST_CASE_METHOD(UserFixture, "a token lives on while it is used, and ends when it is not") {
  auto on = device();
  auto token = sign_in("100", "7777", on)->token();
  for (int day = 0; day < 10; ++day) {
    clock.pass(std::chrono::hours(40));
    CHECK(prove(token) == ErrCode::kSuccess);
  }
  // As written, not only as remembered.
  Accounts fresh{store, clock, log, options};
  clock.pass(std::chrono::hours(47));
  auto credentials = parse_token(token);
  ErrCode code = ErrCode::kServerUnknown;
  fresh.authenticate(*credentials, [&](Result<Identity> identity) { code = identity.code(); });
  CHECK(code == ErrCode::kSuccess);
  clock.pass(std::chrono::hours(48));
  CHECK(prove(token) == ErrCode::kUnauthorized);
}

TEST_CASE_METHOD(UserFixture, "a device that is signed out is told to whoever wants to know") {
  std::vector<std::pair<DeviceId, ErrCode>> told;
  accounts.on_revoked([&](DeviceId device, ErrCode why) { told.emplace_back(device, why); });
  auto on = device();
  auto token = sign_in("100", "7777", on)->token();
  const auto user = parse_token(token)->user;
  told.clear();

  CHECK(test::run(accounts.sign_out(UserId(99), on)).code() == ErrCode::kDeviceNotBindUser);
  CHECK(told.empty());
  CHECK(test::run(accounts.sign_out(user, on)));
  CHECK(told == std::vector{std::pair(on, ErrCode::kSignedOut)});
  CHECK(prove(token) == ErrCode::kUnauthorized);
  CHECK(test::run(accounts.sign_out(user, on)).code() == ErrCode::kDeviceNotBindUser);
}

TEST_CASE_METHOD(UserFixture,
                 "a token that was proved is confirmed until somebody ends it, then that is told") {
  auto on = device();
  auto token = sign_in("100", "7777", on)->token();
  const auto user = parse_token(token)->user;
  auto confirm = [&](Accounts& with, UserId who) {
    ErrCode code = ErrCode::kServerUnknown;
    with.confirm({who, on}, [&](Result<Identity> identity) { code = identity.code(); });
    return code;
  };
  CHECK(confirm(accounts, user) == ErrCode::kSuccess);  // from the store
  CHECK(prove(token) == ErrCode::kSuccess);
  CHECK(confirm(accounts, user) == ErrCode::kSuccess);  // from memory
  CHECK(confirm(accounts, UserId(99)) == ErrCode::kSignedOut);
  clock.pass(std::chrono::hours(24 * 365));
  CHECK(prove(token) == ErrCode::kUnauthorized);
  CHECK(confirm(accounts, user) == ErrCode::kSuccess);
  Accounts fresh{store, clock, log, options};
  CHECK(confirm(fresh, user) == ErrCode::kSuccess);
  REQUIRE(test::run(accounts.sign_out(user, on)));
  CHECK(confirm(accounts, user) == ErrCode::kSignedOut);
  store.refuse(ErrCode::kServerBusy);
  CHECK(confirm(accounts, user) == ErrCode::kServerBusy);
}

TEST_CASE_METHOD(UserFixture, "the device policy decides which devices a sign-in replaces") {
  struct Case {
    DevicePolicy policy;
    std::vector<std::int32_t> remain;  // of one device of each type, after a new Android one
  };
  const Case cases[] = {{DevicePolicy::kAny, {1, 2, 3, 4, 5}},
                        {DevicePolicy::kPerType, {2, 3, 4, 5}},
                        {DevicePolicy::kPerClass, {3, 4, 5}},
                        {DevicePolicy::kSingle, {}}};
  for (const auto& [policy, remain] : cases) {
    auto policed = options;
    policed.device_policy = policy;
    Accounts lenient{store, clock, log, options};
    Accounts strict{store, clock, log, policed};
    std::vector<ErrCode> told;
    strict.on_revoked([&](DeviceId, ErrCode why) { told.push_back(why); });
    const auto phone = "20" + std::to_string(static_cast<int>(policy));
    auto sign_in_on = [&](Accounts& with, std::int32_t type) {
      store::Device made;
      made.type = type;
      const auto request = sign_in_by("7777", phone, new_device(store, made));
      auto signed_in = test::run(with.sign_in(Caller(), request));
      REQUIRE(signed_in);
      return signed_in->token();
    };
    std::map<std::int32_t, std::string> tokens;
    for (std::int32_t type = 1; type <= 5; ++type)
      tokens[type] = sign_in_on(lenient, type);
    sign_in_on(strict, 1);

    CAPTURE(phone);
    std::vector<std::int32_t> good;
    for (const auto& [type, token] : tokens) {
      const auto named = parse_token(token);
      ErrCode confirmed = ErrCode::kServerUnknown;
      strict.confirm({named->user, named->device},
                     [&](Result<Identity> identity) { confirmed = identity.code(); });
      const bool remains = std::find(remain.begin(), remain.end(), type) != remain.end();
      CHECK(confirmed == (remains ? ErrCode::kSuccess : ErrCode::kDeviceExcluded));
      ErrCode code = ErrCode::kServerUnknown;
      strict.authenticate(*parse_token(token),
                          [&](Result<Identity> identity) { code = identity.code(); });
      if (code == ErrCode::kSuccess) good.push_back(type);
    }
    CHECK(good == remain);
    CHECK(std::count(told.begin(), told.end(), ErrCode::kDeviceExcluded) ==
          static_cast<int>(5 - remain.size()));
  }
}

TEST_CASE_METHOD(UserFixture, "the store keeps a token's hash and not the token") {
  auto on = device();
  auto token = sign_in("100", "7777", on)->token();
  auto record = test::run(wait_for<std::optional<store::TokenRecord>>(
      [&](Done<std::optional<store::TokenRecord>> done) { store.get_token(on, std::move(done)); }));
  REQUIRE(record);
  REQUIRE(*record);
  CHECK((*record)->hash == sha256(token));
  CHECK((*record)->hash.find("l1.") == std::string::npos);
}

TEST_CASE_METHOD(UserFixture, "a store that fails refuses, and is asked again") {
  auto token = sign_in("100", "7777", device())->token();
  store.refuse(ErrCode::kServerBusy);
  CHECK(prove(token) == ErrCode::kServerBusy);
  store.refuse(std::nullopt);
  CHECK(prove(token) == ErrCode::kSuccess);
}
