// The gRPC door: every method of the table, its streams, and reflection, on the connections that it
// is handed. Business errors are statuses whose code is the ErrCode's number. gRPC stays behind it;
// built without gRPC it is there and serves nothing.
#pragma once

#include "grpc/waste.hpp"
#include "refusal_pace.hpp"
#include "services.hpp"
#include "session.hpp"

#include "linnet/base/error.hpp"
#include "linnet/base/shard.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

namespace linnet::gateway {

struct GrpcLimits {
  std::size_t message_bytes = 0;  // of the largest request
  std::size_t all_bytes = 0;      // of what gRPC holds for all its connections; 0: no limit
  std::chrono::milliseconds handshake{0};  // a connection that says less in that time is closed
  // And one that has had no call for so long; a call whose request takes longer is ended.
  std::chrono::milliseconds idle{0};
  RefusalLimits refusals;  // of one connection
};

class GrpcServer {
 public:
  // Calls and streams run on the shards, in turn. `options` and `waste` outlive it.
  GrpcServer(Shards& shards, const Services& services, const SessionOptions& options,
             WasteGuard& waste, GrpcLimits limits);
  ~GrpcServer();

  static bool built_in();
  // From now on there may be connections. Error: kServerUnknown (gRPC does not start).
  Status open();
  // Takes over the descriptor of a connected, non-blocking socket. Not before open(), nor once
  // stop() has been called. Thread: any.
  void serve(int connection);
  // Takes no more calls, ends the streams, and waits for what is under way, at most so long. The
  // shards must run.
  void stop(std::chrono::milliseconds limit, std::chrono::milliseconds spread);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet::gateway
