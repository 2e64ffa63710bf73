// API keys: their shape, and what is stored of them.
#include "linnet/user/keys.hpp"

#include "support/false_clock.hpp"
#include "support/memory_store.hpp"

#include "linnet/base/random.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace linnet;
using namespace linnet::user;

TEST_CASE("a key proves its scopes until it is revoked, and nothing else is a key") {
  REQUIRE(init_random());
  test::MemoryStore store;
  Keys keys(store);
  const auto key = make_key();
  CHECK(key.size() > 40);
  CHECK(make_key() != key);
  store::ApiKey record;
  record.hash = hash_of_key(key);
  record.scopes = 6;
  CHECK(record.hash.find(key) == std::string::npos);
  auto prove = [&](const std::string& token) {
    Result<ServerKey> proved;
    keys.authenticate(token, "192.0.2.1",
                      [&](Result<ServerKey> result) { proved = std::move(result); });
    return proved;
  };
  CHECK(prove(key).code() == ErrCode::kUnauthorized);
  store.add_key(record);
  REQUIRE(prove(key));
  CHECK(prove(key)->scopes == 6);
  CHECK(prove(key)->id == KeyId(1));
  for (const auto& wrong :
       std::vector<std::string>{std::string(), std::string("lk_"), key + "x", key.substr(3),
                                "l1.1.1.x", "lk_" + std::string(1000, 'x')})
    CHECK(prove(wrong).code() == ErrCode::kUnauthorized);
  store.refuse(ErrCode::kServerBusy);
  CHECK(prove(key).code() == ErrCode::kServerBusy);
}

TEST_CASE("an address that invents keys is not asked about for a while, a key that was good is") {
  REQUIRE(init_random());
  test::MemoryStore store;
  test::FalseClock clock;
  Refusals refusals;
  Keys keys(store, clock, 3, refusals);
  const auto key = make_key();
  store::ApiKey record;
  record.hash = hash_of_key(key);
  store.add_key(record);
  auto prove = [&](const std::string& token, const std::string& address) {
    ErrCode code = ErrCode::kServerUnknown;
    keys.authenticate(token, address, [&](Result<ServerKey> result) { code = result.code(); });
    return code;
  };
  const std::string here = "192.0.2.1";
  CHECK(prove(key, here) == ErrCode::kSuccess);
  for (int i = 0; i < 3; ++i)
    CHECK(prove(make_key(), here) == ErrCode::kUnauthorized);
  CHECK(prove(make_key(), here) == ErrCode::kRateLimited);
  CHECK(prove(make_key(), "192.0.2.2") == ErrCode::kUnauthorized);
  CHECK(prove(key, here) == ErrCode::kSuccess);
  CHECK(refusals.of(Wrong::kKey) == 4);
  CHECK(refusals.of(Refusal::kTokens) == 1);
  clock.pass(std::chrono::minutes(1));
  CHECK(prove(make_key(), here) == ErrCode::kUnauthorized);
}
