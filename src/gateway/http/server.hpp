// The HTTP door of one shard: Connect calls, the web page, and the WebSocket handshake. Beast stays
// behind it.
#pragma once

#include "gate.hpp"
#include "http/stream_form.hpp"
#include "refusal_pace.hpp"
#include "socket.hpp"

#include "linnet/api/methods.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/durations.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/shard.hpp"
#include "linnet/gateway/gateway.hpp"
#include "linnet/user/identity.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace linnet::gateway {

struct HttpOptions {
  std::vector<std::string> allowed_origins;  // beside the server's own
  std::size_t header_bytes = 16 * 1024;
  std::size_t body_bytes = 256 * 1024;
  std::size_t unproved_bytes = api::kUnprovedBytes;  // likewise, of a call that anyone may make
  std::chrono::milliseconds header_timeout{
      10000};  // from accept, or the first byte of a further request
  std::chrono::milliseconds idle_timeout{60000};  // between two requests, and of a body
  RefusalLimits refusals;                         // of one connection
  std::size_t held_bytes = 0;                     // bodies of all connections together; 0: no limit
  bool metrics = false;                           // /metrics is there
  Vitals vitals;
  // Of all doors; each may be empty. Thread: any.
  std::function<std::size_t()> connections;
  std::function<std::size_t()> connected_devices;
};

// The most bytes that a request of the method may have, unpacked or not.
inline std::size_t most_bytes(const api::Method& method, const HttpOptions& options) {
  if (method.access != api::Access::kAnyone) return options.body_bytes;
  return std::min(options.body_bytes, options.unproved_bytes);
}

// What comes of a WebSocket handshake that was let in.
struct Upgraded {
  TcpSocket socket;
  std::string early;  // bytes that the client sent behind its handshake
  user::Identity identity;
  bool text = false;  // pushes are JSON from the first on (?format=json)
  std::int64_t request_id = 0;
  Gate::Ticket ticket = {};
};

// Where sockets go that are no longer HTTP's.
class UpgradeSink {
 public:
  virtual ~UpgradeSink() = default;
  // Thread: the shard's.
  virtual void upgraded(Upgraded connection) = 0;
  // The head of the response has been sent; what follows is the stream.
  virtual void streaming(TcpSocket socket, Gate::Ticket ticket, StreamStart start) = 0;
};

// Thread: the shard's, but for the constructor and destructor (its owner's, while the loop does not
// run).
class HttpServer {
 public:
  HttpServer(Shard& shard, api::Api& api, const Clock& clock, Logger& log, Refusals& refusals,
             HttpOptions options, UpgradeSink& sink);
  ~HttpServer();

  // Takes over an accepted socket and serves it until it closes or upgrades.
  void serve(TcpSocket socket, Gate::Ticket ticket = {});
  // From now on /readyz says that the server takes no more work.
  void announce_end();
  // Ends idle connections now, the others after their answer (which says Connection: close).
  void drain();
  std::size_t open_connections() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace linnet::gateway
