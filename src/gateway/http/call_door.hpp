// The calls of every HTTP protocol: which method, which origin may call it, and which protocol the
// request speaks.
#pragma once

#include "http/connect.hpp"
#include "http/grpc_web.hpp"
#include "http/message.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace linnet::gateway {

// Thread: any; `options` must outlive it.
class CallDoor {
 public:
  CallDoor(api::Api& api, Logger& log, const HttpOptions& options)
      : api_(api), options_(options), connect_(api, log, options), grpc_web_(api, log, options) {}

  // Answers anything, errors included. `request` outlives the awaiting.
  boost::asio::awaitable<HttpResponse> handle(const HttpRequest& request);

 private:
  boost::asio::awaitable<HttpResponse> answer(const HttpRequest& request, const std::string& name);

  api::Api& api_;
  const HttpOptions& options_;
  ConnectDoor connect_;
  GrpcWebDoor grpc_web_;
};

}  // namespace linnet::gateway
