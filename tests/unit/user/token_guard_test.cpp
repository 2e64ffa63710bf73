// Tokens that prove nothing: how many of them an address may show, and that good ones pass.
#include "token_guard.hpp"

#include "pb/user.ext.pb.h"
#include "people.hpp"
#include "support/false_clock.hpp"
#include "support/hook_server.hpp"
#include "support/jwt.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/base/random.hpp"
#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <atomic>

using namespace linnet;
using namespace linnet::user;

namespace {

ErrCode prove(Accounts& accounts, const std::string& token, const std::string& address) {
  Credentials credentials;
  if (auto named = parse_token(token)) credentials = *named;
  credentials.token = token;
  credentials.address = address;
  return test::run(wait_for<Identity>([&](Done<Identity> done) {
           accounts.authenticate(std::move(credentials), std::move(done));
         }))
      .code();
}

}  // namespace

TEST_CASE("bad tokens are counted for a minute and by address, good ones never") {
  test::FalseClock clock;
  Refusals refusals;
  TokenGuard guard(clock, {3, 0}, &refusals);
  for (int i = 0; i < 50; ++i) {
    REQUIRE(guard.enter("192.0.2.1"));
    guard.leave("192.0.2.1", true);
  }
  for (int i = 0; i < 3; ++i) {
    REQUIRE(guard.enter("192.0.2.1"));
    guard.leave("192.0.2.1", false);
  }
  CHECK_FALSE(guard.enter("192.0.2.1"));
  CHECK(guard.enter("192.0.2.2"));
  CHECK(guard.enter(""));
  CHECK(refusals.of(Refusal::kTokens) == 1);
  clock.pass(std::chrono::minutes(1));
  CHECK(guard.enter("192.0.2.1"));
}

TEST_CASE("one address awaits so many proofs at once and leaves the others their place") {
  test::FalseClock clock;
  TokenGuard guard(clock, {0, 2}, nullptr);
  CHECK(guard.enter("192.0.2.1"));
  CHECK(guard.enter("192.0.2.1"));
  CHECK_FALSE(guard.enter("192.0.2.1"));
  CHECK(guard.enter("192.0.2.2"));
  guard.leave("192.0.2.1", true);
  CHECK(guard.enter("192.0.2.1"));
}

TEST_CASE("a flood of invented tokens is refused, and who is signed in there notices nothing") {
  REQUIRE(init_random());
  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  AccountOptions options;
  options.fixed_code = "7777";
  options.bad_tokens_per_minute = 5;
  Accounts accounts(store, clock, log, options);
  pb::SignInReq request;
  request.set_phone_number("100");
  request.set_code("7777");
  const auto on = new_device(store);
  request.set_device_id(on.value());
  const auto token = test::run(accounts.sign_in(Caller(), request))->token();
  REQUIRE(prove(accounts, token, "192.0.2.1") == ErrCode::kSuccess);

  for (int i = 0; i < 5; ++i)
    CHECK(prove(accounts, token + "x", "192.0.2.1") == ErrCode::kUnauthorized);
  CHECK(prove(accounts, token + "x", "192.0.2.1") == ErrCode::kRateLimited);
  CHECK(prove(accounts, make_token(UserId(9), DeviceId(9), "secret"), "192.0.2.1") ==
        ErrCode::kRateLimited);
  CHECK(prove(accounts, token, "192.0.2.1") == ErrCode::kSuccess);
  CHECK(prove(accounts, token + "x", "192.0.2.2") == ErrCode::kUnauthorized);
}

TEST_CASE(
    "a JSON Web Token is verified once, then remembered until an hour has passed or its end") {
  REQUIRE(init_random());
  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  std::atomic<const char*> kid{"first"};
  test::HookServer server([&](const test::HookRequest&) {
    nlohmann::json keys = nlohmann::json::array();
    keys.push_back({{"kty", "oct"}, {"kid", kid.load()}, {"k", test::base64url(test::kJwtSecret)}});
    keys.push_back({{"kty", "oct"}, {"kid", "other"}, {"k", test::base64url(test::kJwtSecret)}});
    return test::HookAnswer{200, nlohmann::json{{"keys", keys}}.dump(), {}};
  });
  auto http = HttpClient::open({});
  REQUIRE(http);
  AccountOptions options;
  options.jwt.emplace();
  options.jwt->algorithm = JwtAlgorithm::kHs256;
  options.jwt->jwks_url = parse_url(server.url("/keys"));
  Accounts accounts(store, clock, log, options, http->get());
  const auto on = new_device(store);
  auto claims = test::claims_of(7000, on.value());
  claims["exp"] = clock.wall().value() / 1000 + 100000;
  const auto token = test::make_jwt({{"alg", "HS256"}, {"kid", "first"}}, claims);
  auto others = test::claims_of(7001, new_device(store).value());
  others["exp"] = claims["exp"];
  const auto other = test::make_jwt({{"alg", "HS256"}, {"kid", "other"}}, others);
  auto newest = test::claims_of(7002, new_device(store).value());
  newest["exp"] = claims["exp"];
  const auto newer = test::make_jwt({{"alg", "HS256"}, {"kid", "second"}}, newest);
  REQUIRE(prove(accounts, other, "") == ErrCode::kSuccess);  // fetches the keys
  clock.pass(std::chrono::minutes(30));
  REQUIRE(prove(accounts, token, "") == ErrCode::kSuccess);

  // The key is withdrawn, which is noticed after an hour of the set.
  kid = "second";
  clock.pass(std::chrono::minutes(35));
  REQUIRE(prove(accounts, other, "") == ErrCode::kSuccess);
  REQUIRE(prove(accounts, newer, "") == ErrCode::kSuccess);  // the new set has come
  CHECK(prove(accounts, token, "") == ErrCode::kSuccess);    // remembered, not verified
  clock.pass(std::chrono::minutes(30));
  CHECK(prove(accounts, token, "") == ErrCode::kUnauthorized);
  (*http)->close();
}
