// The method table, the limits, and how errors look at the doors.
#include "pb/conn.ext.pb.h"
#include "pb/linnet.pb.h"
#include "pb/logic.ext.pb.h"
#include "pb/logic.int.pb.h"
#include "pb/user.ext.pb.h"
#include "support/false_clock.hpp"
#include "support/memory_store.hpp"
#include "support/run.hpp"

#include "linnet/api/errors.hpp"
#include "linnet/api/limits.hpp"
#include "linnet/api/methods.hpp"
#include "linnet/base/random.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace linnet;
using namespace linnet::api;

namespace {

struct Handlers {
  Async<pb::GetFriendsResp> get_friends(const user::Caller& caller, const pb::GetFriendsReq&) {
    pb::GetFriendsResp response;
    response.add_friends()->set_user_id(caller.identity.user.value());
    co_return response;
  }
  Async<pb::RegisterDeviceResp> fail(const user::Caller&, const pb::RegisterDeviceReq&) {
    throw std::runtime_error("a handler's mistake");
    co_return pb::RegisterDeviceResp();
  }
  Async<pb::GetUserResp> get_user(const user::Caller&, const pb::GetUserReq&) {
    co_return Error(ErrCode::kUserNotExist);
  }
};

class OneToken final : public user::Authenticator {
 public:
  void authenticate(user::Credentials credentials, Done<user::Identity> done) override {
    if (credentials.token == "good")
      done(user::Identity{credentials.user, credentials.device});
    else
      done(Error(ErrCode::kUnauthorized));
  }
};

struct Fixture {
  Fixture() {
    table.add("/pb.LogicExt/GetFriends", handlers, &Handlers::get_friends);
    table.add("/pb.LogicExt/RegisterDevice", handlers, &Handlers::fail);
  }
  Result<MessagePtr> call(const char* path, const std::string& token) {
    const auto* method = table.find(path);
    REQUIRE(method != nullptr);
    Call call;
    call.credentials = user::Credentials{UserId(5), DeviceId(50), token};
    call.address = "127.0.0.1";
    const ReadRequest read = [this](google::protobuf::Message&, std::size_t& bytes) -> Status {
      ++read_requests;
      bytes = request_bytes;
      if (!readable) return Error(ErrCode::kBadRequest);
      return success();
    };
    return test::run(api.call(*method, call, read));
  }

  test::FalseClock clock;
  int read_requests = 0;
  std::size_t request_bytes = 10;
  bool readable = true;
  Logger log{LogLevel::kOff};
  Handlers handlers;
  MethodTable table;
  OneToken authenticator;
  LimitOptions limits{true, {1, 3}, {1, 3}, {1, 3}, {1, 3}};
  Limiter limiter{clock, limits};
  test::MemoryStore store;
  user::Keys keys{store};
  Api api{table, authenticator, keys, limiter, log};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a method's rules come from its entry in the .proto file") {
  const auto* friends = table.find("/pb.LogicExt/GetFriends");
  REQUIRE(friends != nullptr);
  CHECK(friends->access == Access::kDevice);
  CHECK(friends->rate == RateClass::kRead);
  CHECK(friends->no_side_effects);
  const auto* device = table.find("/pb.LogicExt/RegisterDevice");
  REQUIRE(device != nullptr);
  CHECK(device->access == Access::kAnyone);
  CHECK(device->rate == RateClass::kJoin);
  CHECK_FALSE(device->no_side_effects);
  CHECK(table.find("/pb.LogicExt/Nonsense") == nullptr);
}

TEST_CASE_METHOD(Fixture, "a wrong registration shows at once") {
  CHECK_THROWS_AS(table.add("/pb.LogicExt/Nonsense", handlers, &Handlers::get_friends),
                  std::logic_error);
  CHECK_THROWS_AS(table.add("/pb.UserExt/SignIn", handlers, &Handlers::get_user), std::logic_error);
  CHECK_THROWS_AS((table.add_stream<pb::GetUserReq, pb::GetUserResp>("/pb.UserExt/GetUser")),
                  std::logic_error);
  // GetGroup declares no access: it is not served.
  CHECK_THROWS_AS(table.add("/pb.LogicExt/GetGroup", handlers, &Handlers::get_friends),
                  std::logic_error);
}

TEST_CASE_METHOD(Fixture,
                 "a handler is reached only with good credentials, and learns whose they are") {
  CHECK(call("/pb.LogicExt/GetFriends", "bad").code() == ErrCode::kUnauthorized);
  auto answer = call("/pb.LogicExt/GetFriends", "good");
  REQUIRE(answer);
  CHECK(dynamic_cast<pb::GetFriendsResp&>(**answer).friends(0).user_id() == 5);
}

TEST_CASE_METHOD(Fixture, "the request of who may not make the call is not read") {
  CHECK(call("/pb.LogicExt/GetFriends", "bad").code() == ErrCode::kUnauthorized);
  CHECK(read_requests == 0);
  for (int i = 0; i < 3; ++i)
    CHECK(call("/pb.LogicExt/GetFriends", "good"));
  CHECK(read_requests == 3);
  CHECK(call("/pb.LogicExt/GetFriends", "good").code() == ErrCode::kRateLimited);
  CHECK(read_requests == 3);
}

TEST_CASE_METHOD(Fixture, "who names many in a call pays for more than the call") {
  struct {
    Async<pb::AddGroupMembersResp> add(const user::Caller&, const pb::AddGroupMembersReq&) {
      co_return pb::AddGroupMembersResp();
    }
  } groups;
  using Groups = decltype(groups);
  table.add("/pb.LogicExt/AddGroupMembers", groups, &Groups::add);
  const auto add = [&](int count) {
    Call call;
    call.credentials = user::Credentials{UserId(5), DeviceId(50), "good"};
    const ReadRequest read = [count](google::protobuf::Message& request, std::size_t&) {
      for (int i = 0; i < count; ++i)
        dynamic_cast<pb::AddGroupMembersReq&>(request).add_user_ids(i + 1);
      return success();
    };
    return test::run(api.call(*table.find("/pb.LogicExt/AddGroupMembers"), call, read)).code();
  };
  CHECK(add(19) == ErrCode::kSuccess);
  CHECK(add(20) == ErrCode::kSuccess);
  CHECK(add(1) == ErrCode::kRateLimited);
  clock.pass(std::chrono::seconds(10));
  // Never more than may be saved up.
  CHECK(add(1000) == ErrCode::kSuccess);
  CHECK(add(1) == ErrCode::kRateLimited);
  // Likewise on a long connection.
  clock.pass(std::chrono::seconds(10));
  user::Caller caller;
  caller.identity.user = UserId(5);
  pb::AddGroupMembersReq request;
  for (int i = 0; i < 59; ++i)
    request.add_user_ids(i + 1);
  const auto& method = *table.find("/pb.LogicExt/AddGroupMembers");
  CHECK(test::run(api.call_as(method, caller, request)).code() == ErrCode::kSuccess);
  request.clear_user_ids();
  CHECK(test::run(api.call_as(method, caller, request)).code() == ErrCode::kRateLimited);
}

TEST_CASE_METHOD(Fixture, "a large request is carried out, and paid for by those that come after") {
  const auto get = [&] { return call("/pb.LogicExt/GetFriends", "good").code(); };
  request_bytes = 8191;
  for (int i = 0; i < 3; ++i)
    CHECK(get() == ErrCode::kSuccess);
  CHECK(get() == ErrCode::kRateLimited);

  // For one of three that are there, and 3 more: one is owed then.
  clock.pass(std::chrono::seconds(10));
  request_bytes = 3 * 8192;
  readable = GENERATE(true, false);
  CHECK(get() == (readable ? ErrCode::kSuccess : ErrCode::kBadRequest));
  readable = true;
  clock.pass(std::chrono::seconds(1));
  CHECK(get() == ErrCode::kRateLimited);
  clock.pass(std::chrono::seconds(1));
  request_bytes = 10;
  CHECK(get() == ErrCode::kSuccess);

  // Never more is owed than may be saved up.
  clock.pass(std::chrono::seconds(10));
  request_bytes = 1'000'000'000;
  CHECK(get() == ErrCode::kSuccess);
  clock.pass(std::chrono::seconds(4));
  request_bytes = 10;
  CHECK(get() == ErrCode::kSuccess);
  CHECK(get() == ErrCode::kRateLimited);
}

TEST_CASE_METHOD(Fixture, "a server's method is reached only with a key of its scope") {
  REQUIRE(init_random());
  struct {
    Async<pb::GetOnlineResp> online(const user::Caller& caller, const pb::GetOnlineReq&) {
      pb::GetOnlineResp response;
      response.add_user_ids(caller.key.value());
      co_return response;
    }
  } backend;
  using Backend = decltype(backend);
  table.add("/pb.LogicInt/GetOnline", backend, &Backend::online);
  auto add_key = [&](std::uint32_t scopes) {
    const auto key = user::make_key();
    store::ApiKey record;
    record.hash = user::hash_of_key(key);
    record.scopes = scopes;
    store.add_key(record);
    return key;
  };
  const auto users = add_key(1U << pb::SCOPE_USERS);
  const auto messages = add_key(1U << pb::SCOPE_MESSAGES);
  auto answer = call("/pb.LogicInt/GetOnline", users);
  REQUIRE(answer);
  CHECK(dynamic_cast<pb::GetOnlineResp&>(**answer).user_ids(0) == 1);  // the first key
  CHECK(call("/pb.LogicInt/GetOnline", messages).code() == ErrCode::kForbidden);
  CHECK(call("/pb.LogicInt/GetOnline", "good").code() == ErrCode::kUnauthorized);
  CHECK(call("/pb.LogicInt/GetOnline", "").code() == ErrCode::kUnauthorized);
  CHECK(call("/pb.LogicExt/GetFriends", users).code() == ErrCode::kUnauthorized);
  // A long connection proves a device, never a server.
  const auto* method = table.find("/pb.LogicInt/GetOnline");
  user::Caller device;
  device.identity = {UserId(5), DeviceId(50)};
  CHECK(test::run(api.call_as(*method, device, pb::GetOnlineReq())).code() ==
        ErrCode::kUnauthorized);
}

TEST_CASE_METHOD(Fixture,
                 "a stream is no unary call, and its caller is admitted by the same rules") {
  table.add_stream<pb::SyncInput, pb::Message>("/pb.LogicExt/Receive");
  CHECK(table.find("/pb.LogicExt/Receive")->server_streaming);
  CHECK(call("/pb.LogicExt/Receive", "good").code() == ErrCode::kUnimplemented);
  CHECK(call("/pb.LogicExt/Receive", "bad").code() == ErrCode::kUnauthorized);
}

TEST_CASE_METHOD(Fixture, "what a handler throws is answered as the server's failure") {
  CHECK(call("/pb.LogicExt/RegisterDevice", "").code() == ErrCode::kServerUnknown);
}

TEST_CASE_METHOD(Fixture,
                 "calls beyond the burst wait for the rate, each user and class for itself") {
  for (int i = 0; i < 3; ++i)
    CHECK(limiter.allow(RateClass::kWrite, 1, "a"));
  CHECK_FALSE(limiter.allow(RateClass::kWrite, 1, "a"));
  CHECK(limiter.allow(RateClass::kWrite, 2, "a"));
  CHECK(limiter.allow(RateClass::kRead, 1, "a"));
  clock.pass(std::chrono::milliseconds(999));
  CHECK_FALSE(limiter.allow(RateClass::kWrite, 1, "a"));
  clock.pass(std::chrono::milliseconds(2));
  CHECK(limiter.allow(RateClass::kWrite, 1, "a"));
  for (int i = 0; i < 3; ++i)
    CHECK(limiter.allow(RateClass::kJoin, 0, "a"));
  CHECK_FALSE(limiter.allow(RateClass::kJoin, 0, "a"));
  CHECK(limiter.allow(RateClass::kJoin, 0, "b"));

  // What costs more than is ever saved up costs all of it.
  clock.pass(std::chrono::seconds(10));
  CHECK(limiter.allow(RateClass::kRead, 1, "a", 2));
  CHECK_FALSE(limiter.allow(RateClass::kRead, 1, "a", 2));
  CHECK(limiter.allow(RateClass::kRead, 1, "a"));
  clock.pass(std::chrono::seconds(10));
  CHECK(limiter.allow(RateClass::kRead, 1, "a", 100));
  CHECK_FALSE(limiter.allow(RateClass::kRead, 1, "a"));

  Limiter off(clock, LimitOptions{false, {1, 1}, {1, 1}, {1, 1}, {1, 1}});
  for (int i = 0; i < 100; ++i)
    CHECK(off.allow(RateClass::kWrite, 1, "a"));
}

TEST_CASE("every code has a form at the doors and a sentence for the client") {
  const auto* codes = pb::ErrCode_descriptor();
  for (int i = 0; i < codes->value_count(); ++i) {
    auto code = static_cast<ErrCode>(codes->value(i)->number());
    CAPTURE(codes->value(i)->name());
    if (code == ErrCode::kSuccess) continue;
    auto form = error_form(code);
    CHECK((form.connect_code != "unknown" || form.http_status != 500));
    CHECK(form.http_status >= 400);
    CHECK_FALSE(client_message(Error(code)).empty());
  }
  CHECK(client_message(Error(ErrCode::kBadRequest, "say this")) == "say this");
}
