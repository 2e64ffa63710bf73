// Unary calls of the Connect protocol (connectrpc.com/docs/protocol), without sockets: POST in JSON
// or protobuf, GET for methods without side effects.
#pragma once

#include "http/codec.hpp"
#include "http/message.hpp"
#include "http/server.hpp"
#include "http/timed_call.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace linnet::gateway {

// Thread: any; `options` must outlive it.
class ConnectDoor {
 public:
  ConnectDoor(api::Api& api, Logger& log, const HttpOptions& options)
      : api_(api), log_(log), options_(options) {}

  // Answers anything, errors included. `request` outlives the awaiting; `name` is the request's.
  boost::asio::awaitable<HttpResponse> answer(const api::Method& method, const HttpRequest& request,
                                              const std::string& name);

 private:
  struct Prepared;

  Result<Prepared> prepare(const api::Method& method, const HttpRequest& request) const;
  // Where the message is and in which form, without a look into it.
  Status find_message(const HttpRequest& request, Prepared& prepared) const;
  Status find_in_query(std::string_view text, Prepared& prepared) const;

  api::Api& api_;
  Logger& log_;
  const HttpOptions& options_;
};

}  // namespace linnet::gateway
