#include "calls.hpp"

#include "connection.hpp"

#include "linnet/api/errors.hpp"
#include "linnet/wire/tcp.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace linnet::gateway {
namespace {

// What the packet around a response takes at most, besides the method's path.
constexpr std::size_t kAround = 64;

// `waited`: for another call, by which the caller may have been signed out, or meanwhile.
Async<api::MessagePtr> carry_out(api::Api& api, const api::Method& method,
                                 const user::Caller& caller,
                                 const google::protobuf::Message& request, bool waited) {
  if (waited) {
    auto held = co_await wait_for<user::Identity>([&](Done<user::Identity> done) {
      api.authenticator().confirm(caller.identity, std::move(done));
    });
    if (!held) co_return held.take_error();
  }
  Result<api::MessagePtr> answer = co_await api.call_as(method, caller, request);
  co_return answer;
}

pb::Output failed(std::int64_t request_id, const Error& error) {
  pb::Output packet;
  packet.set_type(pb::PT_CALL);
  packet.set_request_id(request_id);
  packet.set_code(static_cast<int>(error.code()));
  packet.set_message(std::string(api::client_message(error)));
  return packet;
}

}  // namespace

Status Calls::read(const api::MethodTable& table, const pb::Input& packet, Call& call) {
  pb::CallInput input;
  if (!input.ParseFromString(packet.data()))
    return Error(ErrCode::kBadRequest, "the data of PT_CALL is a CallInput");
  call.method = table.find(input.method());
  if (call.method == nullptr) return Error(ErrCode::kUnimplemented);
  call.request = call.method->new_request();
  if (!call.request->ParseFromString(input.request()))
    return Error(ErrCode::kBadRequest, "the request is no valid protobuf of its type");
  call.path = std::move(*input.mutable_method());
  call.ordered = input.ordered();
  return success();
}

void Calls::start(const std::shared_ptr<Connection>& connection, user::Identity identity,
                  const pb::Input& packet) {
  auto call = std::make_unique<Call>();
  call->request_id = packet.request_id();
  auto good = read(api_.table(), packet, *call);
  if (!good) {
    connection->on_called(failed(call->request_id, good.error()));
    return;
  }
  call->caller.identity = identity;
  call->caller.address = address_;
  if (call->ordered && std::exchange(ordered_running_, true)) {
    call->waited = true;
    waiting_.push_back(std::move(call));
  } else {
    run(connection, std::move(call));
  }
}

void Calls::run(const std::shared_ptr<Connection>& connection, CallPtr call) {
  const auto& now = *call;
  auto finished = [this, connection, call = std::move(call)](std::exception_ptr thrown,
                                                             Result<api::MessagePtr> answer) {
    if (thrown) answer = Error(ErrCode::kServerUnknown);
    finish(connection, *call, std::move(answer));
  };
  boost::asio::co_spawn(connection->context(),
                        carry_out(api_, *now.method, now.caller, *now.request, now.waited),
                        std::move(finished));
}

void Calls::finish(const std::shared_ptr<Connection>& connection, const Call& call,
                   Result<api::MessagePtr> answer) {
  if (call.ordered) {
    ordered_running_ = !waiting_.empty();
    if (ordered_running_) {
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      run(connection, std::move(next));
    }
  }
  if (!answer) {
    connection->on_called(failed(call.request_id, answer.error()));
    return;
  }
  if ((*answer)->ByteSizeLong() + call.path.size() + kAround > wire::kMaxPacket) {
    const Error error(ErrCode::kTooLarge, "the answer does not fit a packet; ask for less at once");
    connection->on_called(failed(call.request_id, error));
    return;
  }
  pb::CallOutput output;
  output.set_method(call.path);
  output.set_response((*answer)->SerializeAsString());
  pb::Output packet;
  packet.set_type(pb::PT_CALL);
  packet.set_request_id(call.request_id);
  packet.set_data(output.SerializeAsString());
  connection->on_called(packet);
}

}  // namespace linnet::gateway
