// Unary calls of gRPC-Web over HTTP/1.1 (github.com/grpc/grpc, doc/PROTOCOL-WEB.md), without
// sockets: one frame up; one frame and the trailers as a frame down; all of it base64 in the text
// form.
#pragma once

#include "grpc/status.hpp"
#include "http/codec.hpp"
#include "http/envelope.hpp"
#include "http/message.hpp"
#include "http/server.hpp"
#include "http/timed_call.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/log.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace linnet::gateway {

// One of the content types.
struct GrpcWebForm {
  std::string_view asked;     // the request's
  std::string_view answered;  // the response's
  Codec codec = Codec::kProto;
  bool text = false;  // base64
};
// That of a request; null when it speaks something else.
const GrpcWebForm* grpc_web_form(const HttpRequest& request);
// Errors: kBadRequest, kTooLarge (over `limit` bytes, also uncompressed), kUnimplemented (none or
// several messages, an unknown encoding). `unpacked`: see unpack().
Status read_grpc_web(const HttpRequest& request, const GrpcWebForm& form, std::size_t limit,
                     google::protobuf::Message& message, std::size_t& unpacked);

// Nothing but an error, in the trailers.
HttpResponse grpc_web_error(const GrpcWebForm& form, const Error& error, const std::string& name);
// The most bytes that a request takes whose message has at most `limit`: its frame, and base64.
constexpr std::size_t largest_body(std::size_t limit) {
  return (limit + kEnvelopeHead + 2) / 3 * 4;
}

// Thread: any; `options` must outlive it.
class GrpcWebDoor {
 public:
  GrpcWebDoor(api::Api& api, Logger& log, const HttpOptions& options)
      : api_(api), log_(log), options_(options) {}

  // Answers anything, errors included: in the trailers, but for a wrong verb. `form` is the
  // request's, `name` its name; all outlive the awaiting.
  boost::asio::awaitable<HttpResponse> answer(const api::Method& method, const HttpRequest& request,
                                              const GrpcWebForm& form, const std::string& name);

 private:
  Result<TimedCall> prepare(const api::Method& method, const HttpRequest& request,
                            const GrpcWebForm& form) const;

  api::Api& api_;
  Logger& log_;
  const HttpOptions& options_;
};

// The trailers as a frame: grpc-status 0, or the error as gRPC's own door has it.
void append_grpc_trailers(const Error* error, std::string_view request_name, std::string& out);
// With more of them.
void append_grpc_trailers(const GrpcStatus& status, const api::Exchange::Fields& more,
                          std::string& out);

}  // namespace linnet::gateway
