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

std::size_t size_of_metadata(const Context& context) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : context.client_metadata())
    bytes += key.size() + value.size();
  return bytes;
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

// A call that may be refused, of which the answer then waits for its connection's pace, as may what
// counts in no rate. gRPC deletes it through OnDone, after Finish.
class Refusable : public Reactor {
 public:
  Refusable(Place& place, const Context& context)
      : place_(place),
        context_(context),
        waste_(place.waste.find(context.peer()), size_of_metadata(context)) {}

  void OnCancel() override {
    waste_.cancelled();
    if (place_.held.abandon(held_)) Finish(status_);
  }
  void OnDone() override { delete this; }

 protected:
  // It was of so many bytes.
  void refuse(grpc::Status status, std::size_t bytes) {
    status_ = std::move(status);
    if (!waits(bytes)) Finish(status_);
  }
  // Whether what counts in no rate, and was of so many bytes, goes on by go_on() in a while.
  bool waits(std::size_t bytes) {
    const auto due = place_.paces.refused(context_.peer(), bytes);
    return due && place_.held.hold(held_, *due);
  }
  virtual void go_on() { Finish(status_); }
  Place& place() const { return place_; }
  CallWaste& waste() { return waste_; }

 private:
  Place& place_;
  const Context& context_;
  CallWaste waste_;
  grpc::Status status_;
  HeldRefusals::Entry held_{[this] { go_on(); }};
};

// Ends a call that cannot begin.
class Refused final : public Refusable {
 public:
  Refused(Place& place, const Context& context, const grpc::Status& status)
      : Refusable(place, context) {
    waste().no_message();
    refuse(status, 0);
  }
};

// One unary call. It is there until Finish, so that it outlives its coroutine.
class UnaryCall final : public Refusable {
 public:
  UnaryCall(api::Api& api, Place& place, const Context& context, const api::Method& method)
      : Refusable(place, context), api_(api), method_(method), begun_(context), awaited_([this] {
          Finish(to_status(late_request(), begun_.request_name));
        }) {
    if (begun_.wrong) {
      waste().no_message();
      finish(*begun_.wrong);
    } else {
      place.awaited.begin(awaited_);
      StartRead(&bytes_);
    }
  }

  // Who is late is finished elsewhere, and there until then.
  void OnReadDone(bool ok) override {
    if (!place().awaited.end(awaited_)) return;
    if (!ok) return finish(no_request());
    asked_ = bytes_.Length();
    waste().message(asked_);
    auto finished = [this](std::exception_ptr thrown, Result<api::MessagePtr> answer) {
      if (thrown) answer = Error(ErrCode::kServerUnknown);
      finish(std::move(answer));
    };
    boost::asio::co_spawn(place().shard.context(), run(), std::move(finished));
  }

 private:
  Async<api::MessagePtr> run() {
    const api::ReadRequest read = [this](google::protobuf::Message& message, std::size_t& bytes) {
      bytes = asked_;
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
    read_ = read.ok();
    return read;
  }

  void finish(Result<api::MessagePtr> answer) {
    if (!answer) {
      bytes_.Clear();
      auto status = to_status(answer.error(), begun_.request_name);
      if (read_) {
        Finish(status);
      } else {
        refuse(std::move(status), asked_);
      }
      return;
    }
    grpc::Slice slice((*answer)->SerializeAsString());
    bytes_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&bytes_, grpc::WriteOptions(), grpc::Status::OK);
  }

  api::Api& api_;
  const api::Method& method_;
  Begun begun_;
  AwaitedMessages::Entry awaited_;
  grpc::ByteBuffer bytes_;  // of the request, then of the response
  std::size_t asked_ = 0;   // bytes of the request
  bool read_ = false;       // it was, so that the call was not refused
};

Async<user::Caller> admit(api::Api& api, const api::Method& method, api::Call call) {
  Result<user::Caller> caller = co_await api.admit(method, call);
  co_return caller;
}

// LogicExt.Receive. Everything but the reading of its request happens on the stream's shard, which
// alone says when it is finished.
class ReceiveCall final : public Refusable, public MessageWriter {
 public:
  ReceiveCall(api::Api& api, Place& place, Context& context, const api::Method& method)
      : Refusable(place, context),
        api_(api),
        method_(method),
        context_(context),
        begun_(context),
        stream_(std::make_shared<ReceiveStream>(place.streams, *this)),
        awaited_([stream = stream_] { stream->refuse(late_request()); }) {
    place.awaited.begin(awaited_);
    StartRead(&bytes_);
  }

  void OnReadDone(bool ok) override {
    if (!place().awaited.end(awaited_)) return;
    asked_ = bytes_.Length();
    if (ok) waste().message(asked_);
    if (!ok || begun_.wrong) {
      const auto why = begun_.wrong.value_or(no_request());
      stream_->shard().post([this, stream = stream_, why] {
        if (!stream->closed()) refuse_stream(why);
      });
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
        refuse_stream(after.error());
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
    Refusable::OnCancel();
  }

  void open() override { StartSendInitialMetadata(); }
  void write(std::string message) override {
    grpc::Slice slice(message);
    bytes_ = grpc::ByteBuffer(&slice, 1);
    StartWrite(&bytes_);
  }
  void finish(const Error& why) override {
    auto status = to_status(why, begun_.request_name);
    if (refused_) {
      refuse(std::move(status), asked_);
    } else {
      Finish(status);
    }
  }
  void cancel() override { context_.TryCancel(); }

 private:
  void refuse_stream(const Error& why) {
    bytes_.Clear();
    refused_ = true;
    stream_->refuse(why);
  }
  Result<Seq> read_request() {
    pb::SyncInput input;
    auto read = parse(bytes_, input);
    bytes_.Clear();
    if (!read) return read.take_error();
    if (input.seq() < 0) return Error(ErrCode::kBadRequest, "seq: 0 or more");
    return Seq(input.seq());
  }

  api::Api& api_;
  const api::Method& method_;
  Context& context_;
  Begun begun_;
  std::shared_ptr<ReceiveStream> stream_;
  AwaitedMessages::Entry awaited_;
  grpc::ByteBuffer bytes_;
  std::size_t asked_ = 0;  // bytes of the request
  bool refused_ = false;   // the stream did not begin
};

// One stream of questions, each answered before the next is read; it ends when none comes in time.
// Anybody may ask, so that questions have the pace of refusals.
class ReflectionStream final : public Refusable {
 public:
  ReflectionStream(const api::MethodTable& table, Place& place, const Context& context)
      : Refusable(place, context), table_(table), question_([this] { Finish(grpc::Status::OK); }) {
    read();
  }

  void OnReadDone(bool ok) override {
    if (!place().awaited.end(question_)) return;
    if (!ok) {
      Finish(grpc::Status::OK);
      return;
    }
    waste().message(bytes_.Length());
    if (!waits(bytes_.Length())) go_on();
  }
  void OnWriteDone(bool ok) override {
    if (ok) {
      read();
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }

 private:
  void go_on() override {
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
  void read() {
    waste().await();
    place().awaited.begin(question_);
    StartRead(&bytes_);
  }

  const api::MethodTable& table_;
  AwaitedMessages::Entry question_;
  grpc::ByteBuffer bytes_;
};

}  // namespace

Reactor* TableService::CreateReactor(Context* context) {
  const auto& table = api_.table();
  auto& place = places_.next();
  if (context->method() == kReflectionPath) return new ReflectionStream(table, place, *context);
  const auto* method = table.find(context->method());
  if (method == nullptr)
    return new Refused(place, *context,
                       {grpc::StatusCode::UNIMPLEMENTED, "there is no such method"});
  if (method->server_streaming) return new ReceiveCall(api_, place, *context, *method);
  return new UnaryCall(api_, place, *context, *method);
}

}  // namespace linnet::gateway

#endif
