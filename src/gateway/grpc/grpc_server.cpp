// Starts, feeds and stops gRPC; this and the table's service are all that knows it.
#include "grpc/grpc_server.hpp"

#ifdef LINNET_GRPC

#include "grpc/table_service.hpp"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <utility>

namespace linnet::gateway {
namespace {

constexpr int kMetadataBytes = 16 * 1024;
// Read at once: all that a socket may have (GrpcConnections). While there is more gRPC 1.51 reads
// on, and begins none of the calls that it has read: they are not counted, and fill the memory.
constexpr int kReadBytes = 64 * 1024;
// A peer that has gone without a word is noticed within these two together.
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;

}  // namespace

class GrpcServer::Impl {
 public:
  Impl(Shards& shards, Services services, const SessionOptions& options, WasteGuard& waste,
       GrpcLimits limits)
      : services_(services),
        places_(shards, services_, options, limits.idle, limits.refusals, waste),
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
    builder.AddChannelArgument(GRPC_ARG_TCP_READ_CHUNK_SIZE, kReadBytes);
    builder.AddChannelArgument(GRPC_ARG_TCP_MIN_READ_CHUNK_SIZE, kReadBytes);
    builder.AddChannelArgument(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, kReadBytes);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsAtOnce);
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
  Impl(Shards&, const Services&, const SessionOptions&, WasteGuard&, GrpcLimits) {}
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
                       WasteGuard& waste, GrpcLimits limits)
    : impl_(std::make_unique<Impl>(shards, services, options, waste, limits)) {}

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
