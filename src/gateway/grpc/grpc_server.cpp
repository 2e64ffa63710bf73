// The only file that knows gRPC.
#include "grpc/grpc_server.hpp"

#ifdef LINNET_GRPC

#include "grpc/reflection.hpp"
#include "grpc/status.hpp"
#include "http/caller.hpp"

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

std::string_view view(const grpc::string_ref& text) {
  return {text.data(), text.size()};
}

HttpHeaders headers_of(const Context& context) {
  HttpHeaders headers;
  for (const auto& [key, value] : context.client_metadata())
    headers.add(view(key), view(value));
  return headers;
}

// "ipv4:127.0.0.1:4711" and "ipv6:%5B::1%5D:4711" without kind, brackets and port.
std::string address_of(const std::string& peer) {
  auto from = peer.find(':');
  auto to = peer.rfind(':');
  if (from == std::string::npos || to <= from) return peer;
  auto address = peer.substr(from + 1, to - from - 1);
  if (address.starts_with("%5B") && address.ends_with("%5D"))
    address = address.substr(3, address.size() - 6);
  return address;
}

grpc::Status to_status(const Error& error, std::string_view request_name) {
  auto status = grpc_status(error, request_name);
  return {static_cast<grpc::StatusCode>(status.code), status.message, status.details};
}

// What the calls need; lives as long as the server.
struct Services {
  Shards& shards;
  api::Api& api;
  Logger& log;
  std::atomic<std::size_t> next{0};

  Shard& next_shard() { return *shards[next.fetch_add(1) % shards.size()]; }
};

// Ends a call that cannot begin.
class Refusal final : public Reactor {
 public:
  explicit Refusal(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

// One unary call. gRPC deletes it through OnDone, after Finish, so that it outlives its coroutine.
class UnaryCall final : public Reactor {
 public:
  UnaryCall(Services& services, const Context& context, const api::Method& method)
      : services_(services), method_(method), request_(method.new_request()) {
    const auto headers = headers_of(context);
    request_name_ = request_name(headers);
    call_.request_id = retry_id(headers);
    call_.address = address_of(context.peer());
    auto credentials = call_credentials(headers);
    if (credentials) {
      call_.credentials = std::move(*credentials);
      StartRead(&bytes_);
    } else {
      Finish(to_status(credentials.error(), request_name_));
    }
  }

  void OnReadDone(bool ok) override {
    if (!ok) return refuse("a call has a request");
    grpc::Slice slice;
    if (!bytes_.DumpToSingleSlice(&slice).ok() ||
        !request_->ParseFromArray(slice.begin(), static_cast<int>(slice.size())))
      return refuse("the request is no valid protobuf of its type");
    bytes_.Clear();
    auto finished = [this](std::exception_ptr thrown, Result<api::MessagePtr> answer) {
      if (thrown) answer = Error(ErrCode::kServerUnknown);
      finish(std::move(answer));
    };
    boost::asio::co_spawn(services_.next_shard().context(), run(), std::move(finished));
  }

  void OnDone() override { delete this; }

 private:
  Async<api::MessagePtr> run() {
    Result<api::MessagePtr> answer = co_await services_.api.call(method_, call_, *request_);
    co_return answer;
  }

  void refuse(const char* why) {
    Finish(to_status(Error(ErrCode::kBadRequest, why), request_name_));
  }

  void finish(Result<api::MessagePtr> answer) {
    if (!answer) {
      Finish(to_status(answer.error(), request_name_));
      return;
    }
    grpc::Slice slice((*answer)->SerializeAsString());
    bytes_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&bytes_, grpc::WriteOptions(), grpc::Status::OK);
  }

  Services& services_;
  const api::Method& method_;
  api::MessagePtr request_;
  api::Call call_;
  std::string request_name_;
  grpc::ByteBuffer bytes_;  // of the request, then of the response
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
  explicit TableService(Services& services) : services_(services) {}

  Reactor* CreateReactor(Context* context) override {
    const auto& table = services_.api.table();
    if (context->method() == kReflectionPath) return new ReflectionStream(table);
    if (const auto* method = table.find(context->method()))
      return new UnaryCall(services_, *context, *method);
    return new Refusal({grpc::StatusCode::UNIMPLEMENTED, "there is no such method"});
  }

 private:
  Services& services_;
};

}  // namespace

class GrpcServer::Impl {
 public:
  Impl(Shards& shards, api::Api& api, Logger& log, std::size_t message_bytes)
      : services_{shards, api, log}, service_(services_), message_bytes_(message_bytes) {}

  Result<std::vector<std::string>> open(const std::vector<std::string>& addresses) {
    // What a client sends must not write to the log.
    gpr_set_log_function([](gpr_log_func_args*) {});
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service_);
    builder.SetMaxReceiveMessageSize(static_cast<int>(message_bytes_));
    // Two processes on one port would share the calls between them.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kStreamsPerConnection);
    std::vector<int> ports(addresses.size());
    for (std::size_t i = 0; i < addresses.size(); ++i)
      builder.AddListeningPort(addresses[i], grpc::InsecureServerCredentials(), &ports[i]);
    server_ = builder.BuildAndStart();
    std::vector<std::string> bound;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (!server_ || ports[i] == 0)
        return Error(ErrCode::kBadRequest, "grpc.listen: cannot listen on " + addresses[i] +
                                               ": it is taken, or not this machine's");
      bound.push_back(addresses[i].substr(0, addresses[i].rfind(':') + 1) +
                      std::to_string(ports[i]));
    }
    return bound;
  }

  void stop(std::chrono::milliseconds limit) {
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + limit);
    server_.reset();
  }

 private:
  Services services_;
  TableService service_;
  std::size_t message_bytes_;
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
  Impl(Shards&, api::Api&, Logger&, std::size_t) {}
  Result<std::vector<std::string>> open(const std::vector<std::string>&) {
    return std::vector<std::string>();
  }
  void stop(std::chrono::milliseconds) {}
};

bool GrpcServer::built_in() {
  return false;
}

}  // namespace linnet::gateway

#endif

namespace linnet::gateway {

GrpcServer::GrpcServer(Shards& shards, api::Api& api, Logger& log, std::size_t message_bytes)
    : impl_(std::make_unique<Impl>(shards, api, log, message_bytes)) {}

GrpcServer::~GrpcServer() = default;

Result<std::vector<std::string>> GrpcServer::open(const std::vector<std::string>& addresses) {
  return impl_->open(addresses);
}

void GrpcServer::stop(std::chrono::milliseconds limit) {
  impl_->stop(limit);
}

}  // namespace linnet::gateway
