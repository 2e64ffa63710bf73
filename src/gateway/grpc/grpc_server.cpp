// The only file that knows gRPC.
#include "grpc/grpc_server.hpp"

#ifdef LINNET_GRPC

#include "grpc/peer.hpp"
#include "grpc/receive_stream.hpp"
#include "grpc/reflection.hpp"
#include "grpc/status.hpp"
#include "http/caller.hpp"
#include "http/codec.hpp"
#include "pb/conn.ext.pb.h"

#include <boost/asio/co_spawn.hpp>

#include <atomic>
#include <exception>
#include <grpc/support/log.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <utility>

namespace linnet::gateway {
namespace {

using Context = grpc::GenericCallbackServerContext;
using Reactor = grpc::ServerGenericBidiReactor;

constexpr int kMetadataBytes = 16 * 1024;
constexpr int kStreamsPerConnection = 100;
// A peer that has gone without a word is noticed within these two together.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

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

// Where calls run: the shards, in turn. Lives as long as the server.
class Places {
 public:
  Places(Shards& shards, Services& services, const SessionOptions& options) {
    for (auto& shard : shards)
      all_.push_back(std::make_unique<ReceiveStreams>(*shard, services, options));
  }

  ReceiveStreams& next() { return *all_[next_.fetch_add(1) % all_.size()]; }
  void drain(std::chrono::milliseconds spread) {
    for (auto& place : all_)
      place->shard().post([&place = *place, spread] { place.drain(spread); });
  }

 private:
  std::vector<std::unique_ptr<ReceiveStreams>> all_;
  std::atomic<std::size_t> next_{0};
};

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

// Ends a call that cannot begin.
class Refused final : public Reactor {
 public:
  explicit Refused(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

// One unary call. gRPC deletes it through OnDone, after Finish, so that it outlives its coroutine.
class UnaryCall final : public Reactor {
 public:
  UnaryCall(api::Api& api, Shard& shard, const Context& context, const api::Method& method)
      : api_(api), shard_(shard), method_(method), begun_(context) {
    if (begun_.wrong) {
      finish(*begun_.wrong);
    } else {
      StartRead(&bytes_);
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return finish(Error(ErrCode::kBadRequest, "a call has a request"));
    auto finished = [this](std::exception_ptr thrown, Result<api::MessagePtr> answer) {
      if (thrown) answer = Error(ErrCode::kServerUnknown);
      finish(std::move(answer));
    };
    boost::asio::co_spawn(shard_.context(), run(), std::move(finished));
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
  Shard& shard_;
  const api::Method& method_;
  Begun begun_;
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
  ReceiveCall(api::Api& api, ReceiveStreams& place, Context& context, const api::Method& method)
      : api_(api),
        method_(method),
        context_(context),
        begun_(context),
        stream_(std::make_shared<ReceiveStream>(place, *this)) {
    StartRead(&bytes_);
  }

  void OnReadDone(bool ok) override {
    if (!ok || begun_.wrong) {
      const auto why = begun_.wrong.value_or(Error(ErrCode::kBadRequest, "a call has a request"));
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
  const api::Method& method_;
  Context& context_;
  Begun begun_;
  std::shared_ptr<ReceiveStream> stream_;
  grpc::ByteBuffer bytes_;
};

// One stream of questions, each answered before the next is read.
class ReflectionStream final : public Reactor {
 public:
  explicit ReflectionStream(const api::MethodTable& table) : table_(table) { StartRead(&bytes_); }

  void OnReadDone(bool ok) override {
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
      StartRead(&bytes_);
    } else {
      Finish(grpc::Status::CANCELLED);
    }
  }
  void OnDone() override { delete this; }

 private:
  const api::MethodTable& table_;
  grpc::ByteBuffer bytes_;
};

class TableService final : public grpc::CallbackGenericService {
 public:
  TableService(api::Api& api, Places& places) : api_(api), places_(places) {}

  Reactor* CreateReactor(Context* context) override {
    const auto& table = api_.table();
    if (context->method() == kReflectionPath) return new ReflectionStream(table);
    const auto* method = table.find(context->method());
    if (method == nullptr)
      return new Refused({grpc::StatusCode::UNIMPLEMENTED, "there is no such method"});
    auto& place = places_.next();
    if (method->server_streaming) return new ReceiveCall(api_, place, *context, *method);
    return new UnaryCall(api_, place.shard(), *context, *method);
  }

 private:
  api::Api& api_;
  Places& places_;
};

}  // namespace

class GrpcServer::Impl {
 public:
  Impl(Shards& shards, Services services, const SessionOptions& options, GrpcLimits limits)
      : services_(services),
        places_(shards, services_, options),
        service_(services_.api, places_),
        limits_(limits) {}

  Status open() {
    // What a client sends must not write to the log.
    gpr_set_log_function([](gpr_log_func_args*) {});
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(limits_.message_bytes));
    if (limits_.all_bytes > 0)
      builder.SetResourceQuota(grpc::ResourceQuota("linnet").Resize(limits_.all_bytes));
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
    // gRPC inflates a message before anybody has looked who sends it, and looks at its size
    // afterwards.
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    for (auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE})
      builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    if (limits_.idle.count() > 0)
      builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS,
                                 static_cast<int>(limits_.idle.count()));
    if (limits_.handshake.count() > 0)
      builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                                 static_cast<int>(limits_.handshake.count()));
    door_ = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    server_ = builder.BuildAndStart();
    if (!server_) return Error(ErrCode::kServerUnknown, {}, "gRPC does not start");
    return success();
  }

  void serve(int connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.fd = connection;
    door_->HandleNewConnection(&parameters);
  }

  void stop(std::chrono::milliseconds limit, std::chrono::milliseconds spread) {
    if (!server_) return;
    places_.drain(spread);
    server_->Shutdown(std::chrono::system_clock::now() + limit);
    server_.reset();
  }

 private:
  Services services_;
  Places places_;
  TableService service_;
  GrpcLimits limits_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> door_;
  std::unique_ptr<grpc::Server> server_;
};

bool GrpcServer::built_in() {
  return true;
}

}  // namespace linnet::gateway

#else

namespace linnet::gateway {

class GrpcServer::Impl {
 public:
  Impl(Shards&, const Services&, const SessionOptions&, GrpcLimits) {}
  Status open() { return success(); }
  void serve(int) {}
  void stop(std::chrono::milliseconds, std::chrono::milliseconds) {}
};

bool GrpcServer::built_in() {
  return false;
}

}  // namespace linnet::gateway

#endif

namespace linnet::gateway {

GrpcServer::GrpcServer(Shards& shards, const Services& services, const SessionOptions& options,
                       GrpcLimits limits)
    : impl_(std::make_unique<Impl>(shards, services, options, limits)) {}

GrpcServer::~GrpcServer() = default;

Status GrpcServer::open() {
  return impl_->open();
}

void GrpcServer::serve(int connection) {
  impl_->serve(connection);
}

void GrpcServer::stop(std::chrono::milliseconds limit, std::chrono::milliseconds spread) {
  impl_->stop(limit, spread);
}

}  // namespace linnet::gateway
