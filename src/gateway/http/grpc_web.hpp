// Unary calls of gRPC-Web over HTTP/1.1 (github.com/grpc/grpc, doc/PROTOCOL-WEB.md), without
// sockets: one frame up; one frame and the trailers as a frame down; all of it base64 in the text
// form.
#pragma once

#include "http/message.hpp"
#include "http/server.hpp"
#include "http/timed_call.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/log.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace linnet::gateway {

// Thread: any; `options` must outlive it.
class GrpcWebDoor {
 public:
  GrpcWebDoor(api::Api& api, Logger& log, const HttpOptions& options)
      : api_(api), log_(log), options_(options) {}

  // Whether a request's Content-Type is one of gRPC-Web's.
  static bool speaks(const HttpRequest& request);

  // Answers anything, errors included: in the trailers, but for a wrong verb. `request` outlives
  // the awaiting; `name` is the request's.
  boost::asio::awaitable<HttpResponse> answer(const api::Method& method, const HttpRequest& request,
                                              const std::string& name);

 private:
  Result<TimedCall> prepare(const api::Method& method, const HttpRequest& request) const;

  api::Api& api_;
  Logger& log_;
  const HttpOptions& options_;
};

// The trailers as a frame: grpc-status 0, or the error as gRPC's own door has it.
void append_grpc_trailers(const Error* error, std::string_view request_name, std::string& out);

}  // namespace linnet::gateway
