// The method table: full name -> rules and handler, filled from the protobuf descriptors. Every
// door calls through it, so that authentication, limits and errors are the same behind each.
#pragma once

#include "linnet/api/exchange.hpp"
#include "linnet/api/limits.hpp"
#include "linnet/base/async.hpp"
#include "linnet/base/log.hpp"
#include "linnet/user/identity.hpp"
#include "linnet/user/keys.hpp"

#include <google/protobuf/message.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace linnet::api {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;

enum class Access { kAnyone, kDevice, kServer };

struct Method {
  std::string path;  // "/pb.LogicExt/SendMessage"
  Access access = Access::kAnyone;
  int scope = 0;  // pb.Scope that a server's key needs
  RateClass rate = RateClass::kRead;
  bool no_side_effects = false;
  bool server_streaming = false;  // carried by a door itself: there is no handler
  const google::protobuf::Message* request = nullptr;  // prototypes: New() makes one
  const google::protobuf::Message* response = nullptr;
  std::function<Async<MessagePtr>(const user::Caller&, const google::protobuf::Message&)> handler;
  // Instead of it, in a method that sees the headers.
  using ExchangeHandler =
      std::function<Async<MessagePtr>(Exchange&, const google::protobuf::Message&)>;
  ExchangeHandler exchange_handler;

  MessagePtr new_request() const;
};

// Filled before the doors open, read-only afterwards. Thread: any once filled.
class MethodTable {
 public:
  // Serves `path` with `(object.*function)(caller, request)`. Access, rate class and idempotence
  // are taken from the options in the .proto file; throws std::logic_error when there is no such
  // method, it declares no access, or the types differ from the descriptor's: all of them mistakes
  // that the first start shows.
  template <class Object, class Request, class Response>
  void add(std::string_view path, Object& object,
           Async<Response> (Object::*function)(const user::Caller&, const Request&));

  // Declares `path`, whose answer is a stream, with its rules as above. The doors that can carry a
  // stream do so themselves; elsewhere it is kUnimplemented.
  template <class Request, class Response>
  void add_stream(std::string_view path) {
    declare(path, Request::default_instance(), Response::default_instance(), true);
  }

  // Serves `path` with what sees and sets more than the message; only the doors of HTTP give it
  // that, elsewhere it is kUnimplemented. Its request and response are of the prototypes' types.
  void add_exchange(std::string_view path, const google::protobuf::Message& request,
                    const google::protobuf::Message& response, Method::ExchangeHandler handler);

  // Null when nothing is served there.
  const Method* find(std::string_view path) const;
  const std::map<std::string, Method, std::less<>>& all() const { return methods_; }

 private:
  Method& declare(std::string_view path, const google::protobuf::Message& request,
                  const google::protobuf::Message& response, bool streaming);
  std::map<std::string, Method, std::less<>> methods_;
};

// The largest request of a method that anyone may call: what is in one has fewer bytes, and nobody
// is made to unpack and read more for who has proved nothing.
inline constexpr std::size_t kUnprovedBytes = 16 * 1024;
// Puts the caller's request into the message. Called at most once, and only after it is known that
// the caller may make the call. `bytes`: of how many, unpacked, whether or not they could be read.
using ReadRequest = std::function<Status(google::protobuf::Message& request, std::size_t& bytes)>;

struct Call {
  user::Credentials credentials;                 // as the client gave them; an empty token: none
  RequestId request_id;                          // for retries; 0: none
  std::string address;                           // of the peer
  std::shared_ptr<Exchange> exchange = nullptr;  // for a method with an exchange_handler
};

// Carries a call out: limits, authentication, handler; the only place that catches what a handler
// throws.
class Api {
 public:
  Api(const MethodTable& table, user::Authenticator& authenticator, user::Keys& keys,
      Limiter& limiter, Logger& log)
      : table_(table), authenticator_(authenticator), keys_(keys), limiter_(limiter), log_(log) {}

  const MethodTable& table() const { return table_; }
  user::Authenticator& authenticator() { return authenticator_; }

  // Awaits on the caller's executor. `method`, `call` and `read` outlive the awaiting.
  // Errors: kUnauthorized, kForbidden (the key lacks the method's scope), kRateLimited, those of
  // `read`, kServerUnknown (a handler threw), and the handler's own.
  Async<MessagePtr> call(const Method& method, const Call& call, const ReadRequest& read);
  // Credentials and limits alone, for a door that carries a stream itself. Errors: kUnauthorized,
  // kRateLimited.
  Async<user::Caller> admit(const Method& method, const Call& call);
  // The same for a caller whose identity is proved already (a long connection's).
  Async<MessagePtr> call_as(const Method& method, const user::Caller& caller,
                            const google::protobuf::Message& request);

 private:
  Async<MessagePtr> invoke(const Method& method, const user::Caller& caller, Exchange* exchange,
                           const google::protobuf::Message& request);
  Async<user::Caller> identify(const Method& method, const Call& call);
  Async<Unit> prove(const Method& method, const user::Credentials& credentials,
                    user::Caller& caller);
  Status check_rate(const Method& method, const user::Caller& caller, double price, double taken);
  void pay(const Method& method, const user::Caller& caller, std::size_t bytes);

  const MethodTable& table_;
  user::Authenticator& authenticator_;
  user::Keys& keys_;
  Limiter& limiter_;
  Logger& log_;
};

template <class Object, class Request, class Response>
void MethodTable::add(std::string_view path, Object& object,
                      Async<Response> (Object::*function)(const user::Caller&, const Request&)) {
  Method& method = declare(path, Request::default_instance(), Response::default_instance(), false);
  method.handler = [&object, function](
                       const user::Caller& caller,
                       const google::protobuf::Message& request) -> Async<MessagePtr> {
    auto answer = co_await (object.*function)(caller, static_cast<const Request&>(request));
    if (!answer) co_return answer.take_error();
    co_return MessagePtr(std::make_unique<Response>(std::move(*answer)));
  };
}

}  // namespace linnet::api
