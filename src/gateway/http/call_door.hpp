// The calls of every HTTP protocol: which method, which origin may call it, and which protocol the
// request speaks.
#pragma once

#include "http/connect.hpp"
#include "http/grpc_web.hpp"
#include "http/message.hpp"
#include "http/reply.hpp"
#include "http/stream_door.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace linnet::gateway {

// Thread: any; `options` must outlive it.
class CallDoor {
 public:
  CallDoor(api::Api& api, Logger& log, const HttpOptions& options)
      : api_(api),
        options_(options),
        connect_(api, log, options),
        grpc_web_(api, log, options),
        streams_(api, options) {}

  // Answers anything, errors included. `request` outlives the awaiting.
  boost::asio::awaitable<Reply> handle(const HttpRequest& request);

 private:
  boost::asio::awaitable<Reply> answer(const HttpRequest& request, const std::string& name);

  api::Api& api_;
  const HttpOptions& options_;
  ConnectDoor connect_;
  GrpcWebDoor grpc_web_;
  StreamDoor streams_;
};

}  // namespace linnet::gateway
