// API keys: their shape, and what is stored of them.
#include "linnet/user/keys.hpp"

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
    keys.authenticate(token, [&](Result<ServerKey> result) { proved = std::move(result); });
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
