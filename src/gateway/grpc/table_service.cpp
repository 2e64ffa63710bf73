// The one service that gRPC knows: each call of the table by its name, unary or a stream.
#include "grpc/table_service.hpp"

#ifdef LINNET_GRPC

#include "grpc/peer.hpp"
#include "grpc/reflection.hpp"
#include "grpc/status.hpp"
#include "http/caller.hpp"
#include "http/codec.hpp"
#include "pb/conn.ext.pb.h"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <grpcpp/grpcpp.h>
#include <optional>
#include <utility>

namespace linnet::gateway {
namespace {

using Context = grpc::GenericCallbackServerContext;
using Reactor = grpc::ServerGenericBidiReactor;

std::string_view view(const grpc::string_ref& text) {
  return {text.data(), text.size()};
}

HttpHeaders headers_of(const Context& context) {
  HttpHeaders headers;
  for (const auto& [key, value] : context.client_metadata())
    headers.add(view(key), view(value));
  return headers;
}

grpc::Status to_status(const Error& error, std::string_view request_name) {
  auto status = grpc_status(error, request_name);
  return {static_cast<grpc::StatusCode>(status.code), status.message, status.details};
}

// What the metadata of a call says.
struct Begun {
  explicit Begun(const Context& context) {
    const auto headers = headers_of(context);
    request_name = gateway::request_name(headers);
    call.request_id = retry_id(headers);
    call.address = peer_address(context.peer());
    if (auto credentials = call_credentials(headers)) {
      call.credentials = std::move(*credentials);
    } else {
      wrong = credentials.take_error();
    }
  }
  api::Call call;
  std::string request_name;
  std::optional<Error> wrong;
};

Status parse(const grpc::ByteBuffer& bytes, google::protobuf::Message& message) {
  grpc::Slice slice;
  if (bytes.DumpToSingleSlice(&slice).ok() &&
      message.ParseFromArray(slice.begin(), static_cast<int>(slice.size())))
    return Unit();
  return Error(ErrCode::kBadRequest, "the request is no valid protobuf of its type");
}

Error late_request() {
  return Error(ErrCode::kTimeout, "the request did not come in time");
}

Error no_request() {
  return Error(ErrCode::kBadRequest, "a call has a request");
}

// Ends a call that cannot begin.
class Refused final : public Reactor {
 public:
  explicit Refused(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

// One unary call. gRPC deletes it through OnDone, after Finish, so that it outlives its coroutine.
class UnaryCall final : public Reactor {
 public:
  UnaryCall(api::Api& api, Place& place, const Context& context, const api::Method& method)
      : api_(api), place_(place), method_(method), begun_(context), awaited_([this] {
          finish(late_request());
        }) {
    if (begun_.wrong) {
      finish(*begun_.wrong);
    } else {
      place_.awaited.begin(awaited_);
      StartRead(&bytes_);
    }
  }

  // Who is late is finished elsewhere, and there until then.
  void OnReadDone(bool ok) override {
    if (!place_.awaited.end(awaited_)) return;
    if (!ok) return finish(no_request());
    auto finished = [this](std::exception_ptr thrown, Result<api::MessagePtr> answer) {
      if (thrown) answer = Error(ErrCode::kServerUnknown);
      finish(std::move(answer));
    };
    boost::asio::co_spawn(place_.shard.context(), run(), std::move(finished));
  }

  void OnDone() override { delete this; }

 private:
  Async<api::MessagePtr> run() {
    const api::ReadRequest read = [this](google::protobuf::Message& message) {
      return read_request(message);
    };
    Result<api::MessagePtr> answer = co_await api_.call(method_, begun_.call, read);
    co_return answer;
  }

  Status read_request(google::protobuf::Message& message) {
    if (method_.access == api::Access::kAnyone && bytes_.Length() > api::kUnprovedBytes)
      return too_large(api::kUnprovedBytes);
    auto read = parse(bytes_, message);
    bytes_.Clear();
    return read;
  }

  void finish(Result<api::MessagePtr> answer) {
    if (!answer) {
      Finish(to_status(answer.error(), begun_.request_name));
      return;
    }
    grpc::Slice slice((*answer)->SerializeAsString());
    bytes_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&bytes_, grpc::WriteOptions(), grpc::Status::OK);
  }

  api::Api& api_;
  Place& place_;
  const api::Method& method_;
  Begun begun_;
  AwaitedMessages::Entry awaited_;
  grpc::ByteBuffer bytes_;  // of the request, then of the response
};

Async<user::Caller> admit(api::Api& api, const api::Method& method, api::Call call) {
  Result<user::Caller> caller = co_await api.admit(method, call);
  co_return caller;
}

// LogicExt.Receive. Everything but the reading of its request happens on the stream's shard, which
// alone says when it is finished; after that gRPC deletes it through OnDone.
class ReceiveCall final : public Reactor, public MessageWriter {
 public:
  ReceiveCall(api::Api& api, Place& place, Context& context, const api::Method& method)
      : api_(api),
        place_(place),
        method_(method),
        context_(context),
        begun_(context),
        stream_(std::make_shared<ReceiveStream>(place.streams, *this)),
        awaited_([stream = stream_] { stream->refuse(late_request()); }) {
    place_.awaited.begin(awaited_);
    StartRead(&bytes_);
  }

  void OnReadDone(bool ok) override {
    if (!place_.awaited.end(awaited_)) return;
    if (!ok || begun_.wrong) {
      const auto why = begun_.wrong.value_or(no_request());
      stream_->shard().post([stream = stream_, why] { stream->refuse(why); });
      return;
    }
    auto admitted = [this, stream = stream_](std::exception_ptr thrown,
                                             Result<user::Caller> caller) {
      // It was cancelled meanwhile: this reactor may be gone.
      if (stream->closed()) return;
      if (thrown) caller = Error(ErrCode::kServerUnknown);
      // Of a stranger's request nothing is read.
      auto after = caller ? read_request() : Result<Seq>(caller.error());
      if (after) {
        stream->start(caller->identity, *after);
      } else {
        stream->refuse(after.error());
      }
    };
    boost::asio::co_spawn(stream_->shard().context(), admit(api_, method_, begun_.call),
                          std::move(admitted));
  }
  void OnWriteDone(bool ok) override {
    stream_->shard().post([stream = stream_, ok] { stream->on_written(ok); });
  }
  void OnCancel() override {
    stream_->shard().post([stream = stream_] { stream->on_cancelled(); });
  }
  void OnDone() override { delete this; }

  void open() override { StartSendInitialMetadata(); }
  void write(std::string message) override {
    grpc::Slice slice(message);
    bytes_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&bytes_);
  }
  void finish(const Error& why) override { Finish(to_status(why, begun_.request_name)); }
  void cancel() override { context_.TryCancel(); }

 private:
  Result<Seq> read_request() {
    pb::SyncInput input;
    auto read = parse(bytes_, input);
    bytes_.Clear();
    if (!read) return read.take_error();
    if (input.seq() < 0) return Error(ErrCode::kBadRequest, "seq: 0 or more");
    return Seq(input.seq());
  }

  api::Api& api_;
  Place& place_;
  const api::Method& method_;
  Context& context_;
  Begun begun_;
  std::shared_ptr<ReceiveStream> stream_;
  AwaitedMessages::Entry awaited_;
  grpc::ByteBuffer bytes_;
};

// One stream of questions, each answered before the next is read; it ends when none comes in time.
class ReflectionStream final : public Reactor {
 public:
  ReflectionStream(const api::MethodTable& table, AwaitedMessages& awaited)
      : table_(table), awaited_(awaited), question_([this] { Finish(grpc::Status::OK); }) {
    read();
  }

  void OnReadDone(bool ok) override {
    if (!awaited_.end(question_)) return;
    if (!ok) {
      Finish(grpc::Status::OK);
      return;
    }
    grpc::Slice slice;
    std::string response;
    const bool read =
        bytes_.DumpToSingleSlice(&slice).ok() &&
        answer_reflection(table_, {reinterpret_cast<const char*>(slice.begin()), slice.size()},
                          response);
    if (!read) {
      Finish({grpc::StatusCode::INVALID_ARGUMENT, "no ServerReflectionRequest"});
      return;
    }
    grpc::Slice answer(response);
    bytes_ = grpc::ByteBuffer(&answer, 1);
    StartWrite(&bytes_);
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      read();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  void read() {
    awaited_.begin(question_);
    StartRead(&bytes_);
  }

  const api::MethodTable& table_;
  AwaitedMessages& awaited_;
  AwaitedMessages::Entry question_;
  grpc::ByteBuffer bytes_;
};

}  // namespace

Reactor* TableService::CreateReactor(Context* context) {
  const auto& table = api_.table();
  auto& place = places_.next();
  if (context->method() == kReflectionPath) return new ReflectionStream(table, place.awaited);
  const auto* method = table.find(context->method());
  if (method == nullptr)
    return new Refused({grpc::StatusCode::UNIMPLEMENTED, "there is no such method"});
  if (method->server_streaming) return new ReceiveCall(api_, place, *context, *method);
  return new UnaryCall(api_, place, *context, *method);
}

}  // namespace linnet::gateway

#endif
