// What the tests of the HTTP door share: handlers that note their calls, an authenticator that
// knows one user, and a way to run a coroutine to its end.
#pragma once

#include "http/call_door.hpp"
#include "pb/logic.ext.pb.h"
#include "pb/user.ext.pb.h"
#include "support/memory_store.hpp"

#include "linnet/api/methods.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::gateway::fakes {

inline constexpr std::string_view kToken = "l1.7.70.secret";

class OneUser final : public user::Authenticator {
 public:
  void authenticate(user::Credentials credentials, Done<user::Identity> done) override {
    if (busy) {
      done(Error(ErrCode::kServerBusy));
    } else if (credentials.token == kToken && credentials.user == UserId(7) &&
               credentials.device == DeviceId(70)) {
      done(user::Identity{credentials.user, credentials.device});
    } else {
      done(Error(ErrCode::kUnauthorized));
    }
  }
  bool busy = false;
};

class Handlers {
 public:
  Async<pb::SendMessageResp> send(const user::Caller& caller, const pb::SendMessageReq& request) {
    ++calls;
    last_caller = caller;
    last_send = request;
    pb::SendMessageResp response;
    response.set_seq(42);
    co_return response;
  }
  Async<pb::GetUserResp> get_user(const user::Caller& caller, const pb::GetUserReq& request) {
    ++calls;
    last_caller = caller;
    if (request.user_id() == 404) co_return Error(ErrCode::kUserNotExist);
    if (request.user_id() == 400) co_return Error(ErrCode::kBadRequest, "this user cannot be read");
    pb::GetUserResp response;
    response.mutable_user()->set_user_id(request.user_id());
    response.mutable_user()->set_nickname(nickname);
    co_return response;
  }
  // One message, with the text "one".
  Async<pb::SyncGroupResp> sync(const user::Caller&, const pb::SyncGroupReq&) {
    pb::Text text;
    text.set_text("one");
    pb::SyncGroupResp response;
    auto& item = *response.add_messages();
    item.set_message_type(pb::MT_TEXT);
    item.set_message_content(text.SerializeAsString());
    co_return response;
  }
  // Slow: done after the deadline of the test that calls it.
  Async<pb::SignInResp> sign_in(const user::Caller&, const pb::SignInReq&) {
    ++calls;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    timer.expires_after(std::chrono::milliseconds(slow_ms));
    co_await timer.async_wait(boost::asio::use_awaitable);
    ++finished;
    co_return pb::SignInResp();
  }

  int calls = 0;
  int finished = 0;
  int slow_ms = 0;
  std::string nickname;
  user::Caller last_caller;
  pb::SendMessageReq last_send;
};

// An Api over the fakes.
struct World {
  World() {
    table.add("/pb.LogicExt/SendMessage", handlers, &Handlers::send);
    table.add("/pb.UserExt/GetUser", handlers, &Handlers::get_user);
    table.add("/pb.UserExt/SignIn", handlers, &Handlers::sign_in);
    limits.enabled = false;
  }

  SystemClock clock;
  Logger log{LogLevel::kOff};
  Handlers handlers;
  OneUser authenticator;
  api::MethodTable table;
  api::LimitOptions limits;
  api::Limiter limiter{clock, limits};
  test::MemoryStore store;
  user::Keys keys{store};
  api::Api api{table, authenticator, keys, limiter, log};
  HttpOptions options;
};

template <class T>
T run(boost::asio::awaitable<T> work) {
  boost::asio::io_context context{1};
  std::optional<T> result;
  boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr failure, T value) {
    if (failure) std::rethrow_exception(failure);
    result = std::move(value);
  });
  context.run();
  return std::move(result.value());
}

inline HttpRequest request(std::string_view method, std::string_view target) {
  HttpRequest made;
  made.method = method;
  made.target = target;
  made.address = "192.0.2.1";
  made.headers.add("Host", "im.example:8081");
  return made;
}

inline HttpRequest json_call(std::string_view path, std::string_view body) {
  auto made = request("POST", path);
  made.headers.add("Content-Type", "application/json");
  made.headers.add("Authorization", "Bearer " + std::string(kToken));
  made.body = body;
  return made;
}

inline std::string header(const HttpResponse& response, std::string_view name) {
  return std::string(response.headers.first(name).value_or(""));
}

}  // namespace linnet::gateway::fakes
