// Users whom the operator's own server knows: what it is asked, what of it is believed and how
// long.
#include "pb/user.ext.pb.h"
#include "pb/user.int.pb.h"
#include "people.hpp"
#include "support/false_clock.hpp"
#include "support/hook_server.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/base/random.hpp"
#include "linnet/user/accounts.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <atomic>

using namespace linnet;
using namespace linnet::user;
using test::HookAnswer;
using test::HookRequest;
using Json = nlohmann::json;

namespace {

// A user system with the users 7001 and 7002, whose tokens are "good".
struct HookUsersFixture {
  HookUsersFixture() {
    REQUIRE(init_random());
    auto opened = HttpClient::open({});
    REQUIRE(opened);
    http = std::move(*opened);
    AccountOptions options;
    UsersHook hook;
    hook.base = *parse_url(server.url("/linnet/"));
    hook.cache = std::chrono::seconds(60);
    options.users_hook = hook;
    options.hook_secret = "a secret";
    accounts.emplace(store, clock, log, options, http.get());
    store::Device made;
    made.created = made.updated = clock.wall();
    on = new_device(store, made);
  }
  ~HookUsersFixture() { http->close(); }

  HookAnswer answer(const HookRequest& request) {
    if (sign_out_first.exchange(false)) {
      clock.pass(std::chrono::milliseconds(1));
      signed_out = test::run(accounts->sign_out(UserId(7001), on)).code();
    }
    if (status != 200) return {status, "{}", {}};
    if (garbled) return {200, "{\"users\":[", {}};
    const auto asked = Json::parse(request.body);
    if (request.line == "POST /linnet/pb.UserInt/Auth HTTP/1.1")
      return {asked["token"] == "good" || asked["token"] == "other" ? 200 : 401, "{}", {}};
    if (request.line != "POST /linnet/pb.UserInt/GetUsers HTTP/1.1") return {404, "", {}};
    Json users = Json::object();
    for (const std::string id : asked["userIds"])
      if (id == "7001" || id == "7002")
        users[id] = {{"userId", id}, {"nickname", name.load() + id}, {"unknown", 1}};
    users["1"] = {{"userId", "1"}, {"nickname", "nobody asked for"}};
    return {200, Json{{"users", users}}.dump(), {}};
  }
  ErrCode prove(std::int64_t user, const std::string& token) {
    return test::run(wait_for<Identity>([&](Done<Identity> done) {
             accounts->authenticate({UserId(user), on, token}, std::move(done));
           }))
        .code();
  }
  Result<pb::GetUserResp> get(std::int64_t user) {
    pb::GetUserReq request;
    request.set_user_id(user);
    return test::run(accounts->get_user(Caller(), request));
  }
  std::size_t asked() const { return server.requests().size(); }

  std::atomic<int> status{200};
  std::atomic<bool> garbled{false};         // an answer that is no JSON
  std::atomic<bool> sign_out_first{false};  // before the next answer goes
  std::atomic<ErrCode> signed_out{ErrCode::kServerUnknown};
  std::atomic<const char*> name{"user "};
  test::HookServer server{[this](const HookRequest& request) { return answer(request); }};
  test::FalseClock clock;
  test::MemoryStore store;
  Logger log{LogLevel::kOff};
  std::unique_ptr<HttpClient> http;
  std::optional<Accounts> accounts;
  DeviceId on;
};

}  // namespace

TEST_CASE_METHOD(HookUsersFixture,
                 "a token is shown to the user system, and its answer believed for a while") {
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
  auto request = server.requests().at(0);
  CHECK(Json::parse(request.body) ==
        Json{{"userId", "7001"}, {"deviceId", std::to_string(on.value())}, {"token", "good"}});
  CHECK(request.headers["linnet-signature"].size() == 3 + 64);
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
  CHECK(asked() == 1);
  CHECK(prove(7001, "bad") == ErrCode::kUnauthorized);
  CHECK(prove(7001, "") == ErrCode::kUnauthorized);
  CHECK(prove(0, "good") == ErrCode::kUnauthorized);
  CHECK(asked() == 2);
  clock.pass(std::chrono::seconds(60));
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
  CHECK(asked() == 3);
}

TEST_CASE_METHOD(HookUsersFixture,
                 "the user system is not asked about a token of over 8192 bytes") {
  CHECK(prove(7001, std::string(8193, 'x')) == ErrCode::kUnauthorized);
  CHECK(asked() == 0);
  CHECK(prove(7001, std::string(8192, 'x')) == ErrCode::kUnauthorized);
  CHECK(asked() == 1);
}

TEST_CASE_METHOD(HookUsersFixture,
                 "a user system that fails lets nobody in, but for whom it let in just now") {
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
  status = 500;
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
  CHECK(prove(7001, "other") == ErrCode::kUserSystem);
  clock.pass(std::chrono::seconds(60));
  CHECK(prove(7001, "good") == ErrCode::kUserSystem);
  status = 403;
  CHECK(prove(7001, "good") == ErrCode::kUnauthorized);
}

TEST_CASE_METHOD(HookUsersFixture,
                 "signing out forgets the answer, and the user system is asked again") {
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
  clock.pass(std::chrono::seconds(5));
  REQUIRE(test::run(accounts->sign_out(UserId(7001), on)));
  status = 401;
  CHECK(prove(7001, "good") == ErrCode::kUnauthorized);
  status = 200;
  clock.pass(std::chrono::milliseconds(1));
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
}

TEST_CASE_METHOD(HookUsersFixture,
                 "what was asked before a sign-out of the same second signs nobody in again") {
  CHECK(prove(7001, "good") == ErrCode::kSuccess);
  clock.pass(std::chrono::seconds(1));
  sign_out_first = true;
  CHECK(prove(7001, "other") == ErrCode::kUnauthorized);
  CHECK(signed_out == ErrCode::kSuccess);
  clock.pass(std::chrono::milliseconds(1));
  CHECK(prove(7001, "other") == ErrCode::kSuccess);
}

TEST_CASE_METHOD(HookUsersFixture,
                 "users are who the user system says, looked up once in a while") {
  auto found = get(7001);
  REQUIRE(found);
  CHECK(found->user().nickname() == "user 7001");
  CHECK(get(7003).code() == ErrCode::kUserNotExist);
  auto unasked = test::run(wait_for<std::optional<store::User>>(
      [&](Done<std::optional<store::User>> done) { store.get_user(UserId(1), std::move(done)); }));
  REQUIRE(unasked);
  CHECK_FALSE(*unasked);
  CHECK(get(-1).code() == ErrCode::kUserNotExist);
  const auto before = asked();
  name = "new ";
  CHECK(get(7001)->user().nickname() == "user 7001");
  CHECK(get(7003).code() == ErrCode::kUserNotExist);
  CHECK(asked() == before);
  clock.pass(std::chrono::seconds(60));
  CHECK(get(7001)->user().nickname() == "new 7001");

  pb::GetUsersReq both;
  both.add_user_ids(7001);
  both.add_user_ids(7002);
  auto users = test::run(accounts->get_users(Caller(), both));
  REQUIRE(users);
  CHECK(users->users_size() == 2);
  // Only who is not fresh is asked for.
  CHECK(Json::parse(server.requests().back().body)["userIds"] == Json{"7002"});
}

TEST_CASE_METHOD(HookUsersFixture, "who has a text that is too long to be kept is nobody") {
  const std::string longest(8192 - 4, 'x');
  name = longest.c_str();
  CHECK(get(7001));
  const std::string over(8193 - 4, 'x');
  name = over.c_str();
  CHECK(get(7002).code() == ErrCode::kUserNotExist);
}

TEST_CASE_METHOD(HookUsersFixture, "who cannot be looked up is an error of the user system") {
  status = 500;
  CHECK(get(7001).code() == ErrCode::kUserSystem);
  status = 200;
  garbled = true;
  CHECK(get(7001).code() == ErrCode::kUserSystem);
  garbled = false;
  CHECK(get(7001));
  CHECK(test::run(accounts->update_user(Caller(), pb::UpdateUserReq())).code() ==
        ErrCode::kNotOffered);
  CHECK(test::run(accounts->sign_in(Caller(), pb::SignInReq())).code() == ErrCode::kNotOffered);
}
