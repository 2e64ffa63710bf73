#include "linnet/api/methods.hpp"

#include "pb/linnet.pb.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <stdexcept>

namespace linnet::api {
namespace {

const google::protobuf::MethodDescriptor* find_descriptor(std::string_view path) {
  if (!path.starts_with('/')) return nullptr;
  std::string full_name(path.substr(1));
  auto slash = full_name.find('/');
  if (slash == std::string::npos) return nullptr;
  full_name[slash] = '.';
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(full_name);
}

Access to_access(pb::Access access) {
  switch (access) {
    case pb::ACCESS_ANYONE: return Access::kAnyone;
    case pb::ACCESS_SERVER: return Access::kServer;
    default: return Access::kDevice;
  }
}

RateClass to_rate_class(pb::RateClass rate) {
  switch (rate) {
    case pb::RATE_WRITE: return RateClass::kWrite;
    case pb::RATE_JOIN: return RateClass::kJoin;
    case pb::RATE_SERVER: return RateClass::kServer;
    case pb::RATE_CODE: return RateClass::kCode;
    case pb::RATE_SEARCH: return RateClass::kSearch;
    default: return RateClass::kRead;
  }
}

}  // namespace

MessagePtr Method::new_request() const {
  return MessagePtr(request->New());
}

Method& MethodTable::declare(std::string_view path, const google::protobuf::Message& request,
                             const google::protobuf::Message& response, bool streaming) {
  const auto* descriptor = find_descriptor(path);
  const std::string name(path);
  if (descriptor == nullptr) throw std::logic_error(name + " is in no .proto file");
  if (descriptor->input_type() != request.GetDescriptor() ||
      descriptor->output_type() != response.GetDescriptor())
    throw std::logic_error(name + ": the handler has other types than the .proto file");
  if (descriptor->client_streaming() || descriptor->server_streaming() != streaming)
    throw std::logic_error(name + ": the .proto file has another kind of call");
  const auto& options = descriptor->options();
  auto access = options.GetExtension(pb::access);
  if (access == pb::ACCESS_UNSET) throw std::logic_error(name + " declares no access");

  Method& method = methods_[name];
  method.path = name;
  method.access = to_access(access);
  method.scope = options.GetExtension(pb::scope);
  if (method.access == Access::kServer && method.scope == pb::SCOPE_NONE)
    throw std::logic_error(name + " declares no scope");
  method.rate = to_rate_class(options.GetExtension(pb::rate));
  method.no_side_effects =
      options.idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
  method.server_streaming = streaming;
  method.request = &request;
  method.response = &response;
  return method;
}

void MethodTable::add_exchange(std::string_view path, const google::protobuf::Message& request,
                               const google::protobuf::Message& response,
                               Method::ExchangeHandler handler) {
  declare(path, request, response, false).exchange_handler = std::move(handler);
}

const Method* MethodTable::find(std::string_view path) const {
  auto it = methods_.find(path);
  return it == methods_.end() ? nullptr : &it->second;
}

namespace {

// Each of the users, say, that a call names is looked up: so many cost as much as a call.
constexpr int kNamedForOne = 20;

// Likewise so many bytes, unpacked: in JSON they take a quarter of a millisecond to read.
constexpr std::size_t kBytesForOne = 8192;

std::int64_t payer(const user::Caller& caller) {
  return caller.key ? caller.key.value() : caller.identity.user.value();
}

// What a request costs beside the call itself, in calls.
int more_for(const google::protobuf::Message& request) {
  int named = 0;
  const auto* type = request.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i)
    if (type->field(i)->is_repeated())
      named += request.GetReflection()->FieldSize(request, type->field(i));
  return named / kNamedForOne;
}

}  // namespace

Async<user::Caller> Api::identify(const Method& method, const Call& call) {
  user::Caller caller;
  caller.request_id = call.request_id;
  caller.address = call.address;
  auto proved = co_await prove(method, call.credentials, caller);
  if (!proved) co_return proved.take_error();
  co_return caller;
}

Async<user::Caller> Api::admit(const Method& method, const Call& call) {
  auto caller = co_await identify(method, call);
  if (!caller) co_return caller.take_error();
  auto allowed = check_rate(method, *caller, 1, 0);
  if (!allowed) co_return allowed.take_error();
  co_return caller;
}

Async<MessagePtr> Api::call(const Method& method, const Call& call, const ReadRequest& read) {
  auto caller = co_await admit(method, call);
  if (!caller) co_return caller.take_error();
  const auto request = method.new_request();
  std::size_t bytes = 0;
  auto done = read(*request, bytes);
  if (done) done = check_rate(method, *caller, more_for(*request), 1);
  pay(method, *caller, bytes);
  if (!done) co_return done.take_error();
  co_return co_await invoke(method, *caller, call.exchange.get(), *request);
}

// Puts into `caller` what the credentials prove, if the method asks for any.
Async<Unit> Api::prove(const Method& method, const user::Credentials& credentials,
                       user::Caller& caller) {
  if (method.access == Access::kAnyone) co_return Unit{};
  if (method.access == Access::kServer) {
    auto key = co_await wait_for<user::ServerKey>([&](Done<user::ServerKey> done) {
      keys_.authenticate(credentials.token, caller.address, std::move(done));
    });
    if (!key) co_return key.take_error();
    if ((key->scopes >> static_cast<unsigned>(method.scope) & 1U) == 0)
      co_return Error(ErrCode::kForbidden, "this API key lacks the scope that the call needs");
    caller.key = key->id;
    co_return Unit{};
  }
  if (user::looks_like_key(credentials.token))
    co_return Error(ErrCode::kUnauthorized, "this call is for signed-in devices, not for servers");
  auto identity = co_await wait_for<user::Identity>([&](Done<user::Identity> done) {
    auto shown = credentials;
    shown.address = caller.address;
    authenticator_.authenticate(std::move(shown), std::move(done));
  });
  if (!identity) co_return identity.take_error();
  caller.identity = *identity;
  co_return Unit{};
}

Status Api::check_rate(const Method& method, const user::Caller& caller, double price,
                       double taken) {
  if (price == 0) return success();
  if (!limiter_.allow(method.rate, payer(caller), caller.address, price, taken))
    return Error(ErrCode::kRateLimited);
  return success();
}

// What was read is paid for, also when it was good for nothing.
void Api::pay(const Method& method, const user::Caller& caller, std::size_t bytes) {
  const auto calls = bytes / kBytesForOne;
  if (calls == 0) return;
  limiter_.charge(method.rate, payer(caller), caller.address, static_cast<double>(calls));
}

Async<MessagePtr> Api::call_as(const Method& method, const user::Caller& caller,
                               const google::protobuf::Message& request) {
  if (method.access == Access::kServer && !caller.key)
    co_return Error(ErrCode::kUnauthorized, "this call needs a server's API key");
  auto allowed = check_rate(method, caller, 1 + more_for(request), 0);
  if (!allowed) co_return allowed.take_error();
  co_return co_await invoke(method, caller, nullptr, request);
}

Async<MessagePtr> Api::invoke(const Method& method, const user::Caller& caller, Exchange* exchange,
                              const google::protobuf::Message& request) {
  const bool exchanges = method.exchange_handler && exchange != nullptr;
  if (!method.handler && !exchanges)
    co_return Error(ErrCode::kUnimplemented, "this method cannot be called in this way");

  std::string failure;
  try {
    if (exchanges) co_return co_await method.exchange_handler(*exchange, request);
    auto answer = co_await method.handler(caller, request);
    if (!answer) limiter_.count(answer.error().code());
    if (!answer && !answer.error().detail().empty())
      log_.warn("call_failed", {{"method", method.path},
                                {"code", name(answer.error().code())},
                                {"detail", answer.error().detail()}});
    co_return answer;
  } catch (const std::exception& thrown) {
    failure = thrown.what();
  }
  log_.error("call_threw", {{"method", method.path}, {"what", failure}});
  co_return Error(ErrCode::kServerUnknown);
}

}  // namespace linnet::api
