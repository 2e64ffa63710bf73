// How a stream of messages begins, without sockets: LogicExt.Receive over Connect and gRPC-Web, and
// /events for EventSource and curl.
#pragma once

#include "http/message.hpp"
#include "http/reply.hpp"
#include "http/server.hpp"

#include "linnet/api/methods.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace linnet::gateway {

// Thread: any; `options` must outlive it.
class StreamDoor {
 public:
  StreamDoor(api::Api& api, const HttpOptions& options) : api_(api), options_(options) {}

  // A POST of one SyncInput in a frame. But for a wrong verb and an unknown content type, errors
  // are the stream's end. `method`, `request` and `name` outlive the awaiting.
  boost::asio::awaitable<Reply> receive(const api::Method& method, const HttpRequest& request,
                                        const std::string& name);
  // A GET with the credentials of /ws; it begins after Last-Event-ID, or ?seq=. Errors are plain
  // responses with {"code":…,"message":…}.
  boost::asio::awaitable<Reply> events(const HttpRequest& request);

 private:
  struct Opening;

  Result<Opening> open(const api::Method& method, const HttpRequest& request) const;
  // The seq behind which the stream begins.
  Result<Seq> read_start(const HttpRequest& request) const;
  Result<Opening> open_events(const HttpRequest& request) const;

  api::Api& api_;
  const HttpOptions& options_;
};

}  // namespace linnet::gateway
