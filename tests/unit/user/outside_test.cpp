// Users of another user system: whom their tokens let in, from where the keys come, and how it
// ends.
#include "jwt_users.hpp"
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

#include <atomic>
#include <future>
#include <thread>

using namespace linnet;
using namespace linnet::user;
using test::claims_of;
using test::HookAnswer;
using test::HookRequest;
using test::jwt_for;
using test::make_jwt;
using Json = nlohmann::json;

namespace {

JwtOptions with_secret() {
  JwtOptions options;
  options.algorithm = JwtAlgorithm::kHs256;
  options.keys = test::kJwtSecret;
  return options;
}

AccountOptions account_options() {
  AccountOptions options;
  options.jwt = with_secret();
  return options;
}

struct OutsideFixture {
  OutsideFixture() { REQUIRE(init_random()); }

  DeviceId device() {
    store::Device made;
    made.created = made.updated = clock.wall();
    return new_device(store, made);
  }
  Result<Identity> prove(const std::string& token, std::int64_t user = 0, DeviceId on = {}) {
    Result<Identity> proved;
    accounts.authenticate({UserId(user), on, token},
                          [&](Result<Identity> identity) { proved = std::move(identity); });
    return proved;
  }

  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  Accounts accounts{store, clock, log, account_options()};
};

// A user system that publishes its keys.
struct Published {
  Published() {
    REQUIRE(init_random());
    auto opened = HttpClient::open({});
    REQUIRE(opened);
    http = std::move(*opened);
    JwtOptions options;
    options.algorithm = JwtAlgorithm::kHs256;
    options.jwks_url = parse_url(server.url("/keys"));
    users.emplace(options, clock, log, http.get());
  }
  ~Published() { http->close(); }

  std::optional<HookAnswer> answer() {
    if (!up) return HookAnswer{500, "", {}};
    Json keys = Json::array();
    keys.push_back({{"kty", "oct"}, {"kid", kid.load()}, {"k", test::base64url(test::kJwtSecret)}});
    keys.push_back({{"kty", "oct"}, {"kid", "0"}, {"k", test::base64url(test::kJwtSecret)}});
    return HookAnswer{200, Json{{"keys", keys}}.dump(), {}};
  }
  ErrCode prove(const char* with) {
    const auto token = make_jwt({{"alg", "HS256"}, {"kid", with}}, claims_of(1, 2));
    return test::run(wait_for<Proof>([&](Done<Proof> done) {
             users->prove({UserId(), DeviceId(), token}, std::move(done));
           }))
        .code();
  }
  std::size_t fetches() const { return server.requests().size(); }

  std::atomic<bool> up{true};
  std::atomic<const char*> kid{"a"};
  test::HookServer server{[this](const HookRequest&) { return answer(); }};
  test::FalseClock clock;
  Logger log{LogLevel::kOff};
  std::unique_ptr<HttpClient> http;
  std::optional<JwtUsers> users;
};

}  // namespace

TEST_CASE_METHOD(OutsideFixture, "a good token lets its user in, who is known from then on") {
  const auto on = device();
  const auto token = jwt_for(7000, on.value());
  auto proved = prove(token);
  REQUIRE(proved);
  CHECK(proved->user == UserId(7000));
  CHECK(proved->device == on);
  CHECK(prove(token, 7000, on));
  CHECK(prove(token, 7001, on).code() == ErrCode::kUnauthorized);
  CHECK(prove(token, 7000, DeviceId(on.value() + 1)).code() == ErrCode::kUnauthorized);
  CHECK(prove(token + "x", 7000, on).code() == ErrCode::kUnauthorized);
  CHECK(prove("", 7000, on).code() == ErrCode::kUnauthorized);
  CHECK(prove(jwt_for(7000, 999)).code() == ErrCode::kUnauthorized);

  pb::GetUserReq request;
  request.set_user_id(7000);
  CHECK(test::run(accounts.get_user(Caller(), request)));
  request.set_user_id(7001);
  CHECK(test::run(accounts.get_user(Caller(), request)).code() == ErrCode::kUserNotExist);
}

TEST_CASE_METHOD(OutsideFixture, "a token is good until it expires, remembered or not") {
  const auto on = device();
  const auto token = jwt_for(7000, on.value());
  clock.pass(std::chrono::minutes(59));
  CHECK(prove(token, 7000, on));
  clock.pass(std::chrono::minutes(2));
  CHECK(prove(token, 7000, on).code() == ErrCode::kUnauthorized);
}

TEST_CASE_METHOD(OutsideFixture, "a device that was signed out needs a token that was made since") {
  const auto on = device();
  auto claims = claims_of(7000, on.value());
  auto token_of = [&](std::int64_t issued) {
    claims["iat"] = issued;
    return make_jwt({{"alg", "HS256"}}, claims);
  };
  const auto first = token_of(1700000000);
  const auto without = jwt_for(7000, on.value());
  REQUIRE(prove(first));
  REQUIRE(prove(without));
  std::vector<ErrCode> told;
  accounts.on_revoked([&](DeviceId, ErrCode why) { told.push_back(why); });
  clock.pass(std::chrono::seconds(60));
  REQUIRE(test::run(accounts.sign_out(UserId(7000), on)));
  CHECK(told == std::vector{ErrCode::kSignedOut});
  CHECK(prove(first, 7000, on).code() == ErrCode::kUnauthorized);
  CHECK(prove(without, 7000, on).code() == ErrCode::kUnauthorized);
  Result<Identity> confirmed;
  accounts.confirm({UserId(7000), on}, [&](Result<Identity> held) { confirmed = std::move(held); });
  CHECK(confirmed.code() == ErrCode::kSignedOut);
  CHECK(prove(token_of(1700000060)));
  accounts.confirm({UserId(7000), on}, [&](Result<Identity> held) { confirmed = std::move(held); });
  CHECK(confirmed);
}

TEST_CASE_METHOD(OutsideFixture,
                 "tokens that hold but let nobody onto their device are counted as bad ones") {
  auto limited_options = account_options();
  limited_options.bad_tokens_per_minute = 3;
  Accounts limited(store, clock, log, limited_options);
  const auto on = device();
  auto show = [&](const std::string& token, const std::string& address) {
    Result<Identity> proved;
    limited.authenticate({UserId(), DeviceId(), token, address},
                         [&](Result<Identity> identity) { proved = std::move(identity); });
    return proved.code();
  };
  auto claims = claims_of(7000, on.value());
  claims["iat"] = 1700000000;
  const auto ended = make_jwt({{"alg", "HS256"}}, claims);
  REQUIRE(show(ended, "10.0.0.1") == ErrCode::kSuccess);
  clock.pass(std::chrono::seconds(60));
  REQUIRE(test::run(limited.sign_out(UserId(7000), on)));

  CHECK(show(ended, "10.0.0.1") == ErrCode::kUnauthorized);
  CHECK(show(ended, "10.0.0.1") == ErrCode::kUnauthorized);
  CHECK(show(jwt_for(7000, 999), "10.0.0.1") == ErrCode::kUnauthorized);
  CHECK(show(ended, "10.0.0.1") == ErrCode::kRateLimited);
  const auto good = jwt_for(8000, device().value());
  CHECK(show(good, "10.0.0.1") == ErrCode::kRateLimited);
  CHECK(show(good, "10.0.0.2") == ErrCode::kSuccess);

  // A store that is busy is nobody's fault.
  const auto more = jwt_for(8000, device().value());
  store.refuse(ErrCode::kServerBusy);
  for (int i = 0; i < 5; ++i)
    CHECK(show(more, "10.0.0.3") == ErrCode::kServerBusy);
  store.refuse(std::nullopt);
  CHECK(show(more, "10.0.0.3") == ErrCode::kSuccess);
}

TEST_CASE_METHOD(OutsideFixture,
                 "another user on the device is on one behind it, and ends nobody's") {
  const auto on = device();
  const auto first = jwt_for(7000, on.value());
  const auto second = jwt_for(8000, on.value());
  CHECK(prove(first)->device == on);
  std::vector<DeviceId> told;
  accounts.on_revoked([&](DeviceId which, ErrCode) { told.push_back(which); });
  const auto behind = prove(second)->device;
  CHECK(behind != on);
  for (int again = 0; again < 2; ++again) {
    CHECK(prove(first, 7000, on)->device == on);
    CHECK(prove(second, 8000, on)->device == behind);
    CHECK(prove(second)->device == behind);
  }
  CHECK(told.empty());
  for (auto identity : {Identity{UserId(7000), on}, Identity{UserId(8000), behind}}) {
    Result<Identity> confirmed;
    accounts.confirm(identity, [&](Result<Identity> held) { confirmed = std::move(held); });
    CHECK(confirmed);
  }
}

TEST_CASE_METHOD(OutsideFixture,
                 "what only a user system does is not offered, and ids come from outside") {
  pb::SendCodeReq send;
  send.set_phone_number("100");
  CHECK(test::run(accounts.send_code(Caller(), send)).code() == ErrCode::kNotOffered);
  CHECK(test::run(accounts.sign_in(Caller(), pb::SignInReq())).code() == ErrCode::kNotOffered);
  CHECK(accounts.development_code().empty());

  store::User made;
  CHECK(test::run(accounts.create_user(made)).code() == ErrCode::kBadRequest);
  made.id = UserId(5000);
  CHECK(*test::run(accounts.create_user(made)) == UserId(5000));
  CHECK(test::run(accounts.create_user(made)).code() == ErrCode::kUserAlreadyExist);
  AccountOptions own;
  Accounts builtin(store, clock, log, own);
  made.phone_number = "100";
  CHECK(test::run(builtin.create_user(made)).code() == ErrCode::kBadRequest);
}

TEST_CASE_METHOD(Published, "keys are fetched when one is missing, once a minute at most") {
  CHECK(prove("a") == ErrCode::kSuccess);
  CHECK(prove("a") == ErrCode::kSuccess);
  CHECK(fetches() == 1);
  CHECK(prove("b") == ErrCode::kUnauthorized);
  CHECK(fetches() == 1);
  kid = "b";
  clock.pass(std::chrono::minutes(1));
  CHECK(prove("b") == ErrCode::kSuccess);
  CHECK(prove("a") == ErrCode::kUnauthorized);
  CHECK(fetches() == 2);
}

TEST_CASE_METHOD(Published, "keys that cannot be fetched let nobody in, and old ones serve on") {
  up = false;
  CHECK(prove("a") == ErrCode::kUserSystem);
  CHECK(prove("a") == ErrCode::kUserSystem);
  CHECK(fetches() == 1);
  up = true;
  clock.pass(std::chrono::minutes(1));
  CHECK(prove("a") == ErrCode::kSuccess);
  up = false;
  clock.pass(std::chrono::minutes(20));
  CHECK(prove("b") == ErrCode::kUserSystem);
  CHECK(prove("a") == ErrCode::kSuccess);
}

TEST_CASE_METHOD(Published, "a set is renewed after an hour, without anybody waiting") {
  CHECK(prove("a") == ErrCode::kSuccess);
  kid = "b";
  clock.pass(std::chrono::minutes(59));
  CHECK(prove("a") == ErrCode::kSuccess);
  CHECK(fetches() == 1);
  // The clock's time is past the token's here: what matters is the set.
  clock.pass(std::chrono::minutes(2));
  prove("a");
  for (int i = 0; i < 500 && prove("b") == ErrCode::kUserSystem; ++i) {
  }
  for (int i = 0; i < 1000 && fetches() < 2; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(fetches() == 2);
}

TEST_CASE("tokens that wait for their key are limited in bytes, and each is answered") {
  REQUIRE(init_random());
  std::promise<void> go;
  auto may_go = go.get_future().share();
  test::HookServer server([may_go](const HookRequest&) {
    may_go.wait();
    Json keys = Json::array();
    keys.push_back({{"kty", "oct"}, {"kid", "a"}, {"k", test::base64url(test::kJwtSecret)}});
    return HookAnswer{200, Json{{"keys", keys}}.dump(), {}};
  });
  test::FalseClock clock;
  Logger log{LogLevel::kOff};
  HttpClientOptions patient;
  patient.timeout = std::chrono::seconds(60);
  auto opened = HttpClient::open(patient);
  REQUIRE(opened);
  JwtOptions options;
  options.algorithm = JwtAlgorithm::kHs256;
  options.jwks_url = parse_url(server.url("/keys"));
  JwtUsers users(options, clock, log, opened->get());
  auto claims = claims_of(1, 2);
  claims["pad"] = std::string(5900, 'x');
  const auto token = make_jwt({{"alg", "HS256"}, {"kid", "a"}}, claims);
  REQUIRE(token.size() > 7900);
  std::atomic<int> good{0};
  std::atomic<int> busy{0};
  std::atomic<int> others{0};
  constexpr int kShown = 1200;
  for (int i = 0; i < kShown; ++i)
    users.prove({UserId(), DeviceId(), token}, [&](const Result<Proof>& proof) {
      ++(proof ? good : proof.code() == ErrCode::kServerBusy ? busy : others);
    });
  CHECK(busy > 0);
  CHECK(good == 0);
  const int waiting = kShown - busy;
  CHECK(waiting > 1000);
  go.set_value();
  for (int i = 0; i < 2000 && good + others < waiting; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(good == waiting);
  (*opened)->close();
}

TEST_CASE("a key file is a secret, a public key or a set, by the algorithm") {
  JwtOptions options = with_secret();
  CHECK(check(options));
  options.algorithm = JwtAlgorithm::kRs256;
  CHECK(check(options).code() == ErrCode::kBadRequest);
  options.keys = "{\"keys\":[]}";
  CHECK(check(options).code() == ErrCode::kBadRequest);
  // openssl genpkey -algorithm ed25519 | openssl pkey -pubout
  options.algorithm = JwtAlgorithm::kEdDsa;
  options.keys =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----";
  CHECK(check(options));
  options.algorithm = JwtAlgorithm::kEs256;
  CHECK(check(options).code() == ErrCode::kBadRequest);
}

TEST_CASE("what others may have is not taken for a secret: a public key, a set behind a mark") {
  JwtOptions options = with_secret();
  options.keys =
      "-----BEGIN PUBLIC KEY-----\n"
      "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
      "-----END PUBLIC KEY-----";
  CHECK(check(options).code() == ErrCode::kBadRequest);
  options.keys = "a line before it\n" + options.keys;
  CHECK(check(options).code() == ErrCode::kBadRequest);

  const auto set = Json{
      {"keys",
       Json::array({{{"kty", "oct"}, {"kid", "a"}, {"k", test::base64url(test::kJwtSecret)}}})}};
  for (const std::string before : {"", "\xEF\xBB\xBF", " \r\n\t", "\xEF\xBB\xBF\n"}) {
    auto keys = read_key_file(JwtAlgorithm::kHs256, before + set.dump());
    REQUIRE(keys);
    REQUIRE(keys->size() == 1);
    CHECK(keys->front().id == "a");
  }
  // A set without a key for the algorithm is no secret either.
  options.keys = "\xEF\xBB\xBF{\"keys\":[], \"of\": \"another algorithm, and long enough\"}";
  CHECK(check(options).code() == ErrCode::kBadRequest);
  options.keys = std::string(40, ' ');
  CHECK(check(options));
}
