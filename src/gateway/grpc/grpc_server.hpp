// The gRPC door: every method of the table, its streams, and reflection, on any number of
// addresses. Business errors are statuses whose code is the ErrCode's number. gRPC stays behind it;
// built without gRPC it is there and serves nothing.
#pragma once

#include "services.hpp"
#include "session.hpp"

#include "linnet/base/error.hpp"
#include "linnet/base/shard.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace linnet::gateway {

struct GrpcLimits {
  std::size_t message_bytes = 0;  // of the largest request
  std::size_t all_bytes = 0;      // of what gRPC holds for all its connections; 0: no limit
};

class GrpcServer {
 public:
  // Calls and streams run on the shards, in turn. `options` outlives it.
  GrpcServer(Shards& shards, const Services& services, const SessionOptions& options,
             GrpcLimits limits);
  ~GrpcServer();

  static bool built_in();
  // Serves on `addresses` (HOST:PORT, 0: any port) from now on; gives them as they are bound. The
  // shards may be started later: calls wait until then. Error: kBadRequest (an address cannot be
  // bound).
  Result<std::vector<std::string>> open(const std::vector<std::string>& addresses);
  // Takes no more calls, ends the streams, and waits for what is under way, at most so long. The
  // shards must run.
  void stop(std::chrono::milliseconds limit, std::chrono::milliseconds spread);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet::gateway
