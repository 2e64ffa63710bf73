// Unary calls of the Connect protocol (connectrpc.com/docs/protocol), without sockets: a request
// in, a response out. POST in JSON or protobuf, GET for methods without side effects.
#pragma once

#include "http/caller.hpp"
#include "http/message.hpp"
#include "http/server.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/log.hpp"

#include <boost/asio/awaitable.hpp>

namespace linnet::gateway {

// Thread: any; `options` must outlive it.
class ConnectDoor {
 public:
  ConnectDoor(api::Api& api, Logger& log, const HttpOptions& options)
      : api_(api), log_(log), options_(options) {}

  // Answers anything, errors included. A deadline (Connect-Timeout-Ms) ends the waiting only: the
  // call itself is carried out. `request` outlives the awaiting.
  boost::asio::awaitable<HttpResponse> handle(const HttpRequest& request);

 private:
  struct Prepared;
  struct Pending;

  boost::asio::awaitable<HttpResponse> answer(const HttpRequest& request, const std::string& name);
  Result<Prepared> prepare(const api::Method& method, const HttpRequest& request) const;
  Status read_message(const HttpRequest& request, Prepared& prepared) const;
  Status read_query(std::string_view text, Prepared& prepared) const;
  Async<api::MessagePtr> carry_out(Prepared prepared);
  // Static: it may outlive the door by a deadline.
  static Async<api::MessagePtr> run(api::Api& api, std::shared_ptr<Pending> pending);
  void add_cors(const HttpRequest& request, HttpResponse& response) const;

  api::Api& api_;
  Logger& log_;
  const HttpOptions& options_;
};

}  // namespace linnet::gateway
