// The doors: TCP, HTTP with WebSocket, and gRPC. They decode, call, and encode; what a call means
// is not their business.
#pragma once

#include "linnet/api/methods.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/base/shard.hpp"
#include "linnet/gateway/vitals.hpp"
#include "linnet/logic/devices.hpp"
#include "linnet/logic/messages.hpp"
#include "linnet/logic/rooms.hpp"
#include "linnet/router/router.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace linnet::gateway {

struct GatewayOptions {
  std::string tcp_listen = "127.0.0.1:8080";  // HOST:PORT, [IPv6]:PORT; port 0: any that is free
  std::string http_listen = "127.0.0.1:8081";
  std::vector<std::string> grpc_listen;  // none: no gRPC
  std::vector<int> inherited;  // sockets that listen already, taken: doors of their addresses
  bool loopback_only = true;   // refuse to listen elsewhere
  std::vector<std::string> allowed_origins;  // of browsers, beside the server's own
  std::size_t body_bytes = 256 * 1024;
  Vitals vitals;
  // Sessions; see docs/configuration.md, section "session".
  std::chrono::milliseconds sign_in_timeout{10000};
  std::chrono::milliseconds sync_grace{2000};
  std::chrono::milliseconds tcp_idle{660000};
  std::chrono::milliseconds ws_idle{720000};
  std::chrono::milliseconds stream_heartbeat{15000};
  std::size_t outbox_bytes = 256 * 1024;
  std::size_t page_entries = 100;
  std::uint32_t packets_per_second = 500;  // 0: no limit
  std::uint32_t packets_burst = 2000;
  std::uint32_t bytes_per_second = 1024 * 1024;  // 0: no limit
  std::uint32_t bytes_burst = 1024 * 1024;
  struct {
    std::uint32_t per_second = 50;  // 0: no limit
    std::uint32_t burst = 20;
  } refusals;  // of requests on an HTTP connection
  // Connections; 0: no limit.
  std::size_t connections = 0;
  std::size_t connections_per_address = 0;
  std::uint32_t accepts_per_second = 0;
  std::size_t unsent_bytes = 0;  // of all connections together
  std::size_t http_bytes = 0;  // bodies over HTTP, of all connections together; likewise over gRPC
  std::chrono::milliseconds head_timeout{10000};
  std::chrono::milliseconds http_idle{60000};
  bool metrics = false;
  std::chrono::milliseconds drain_delay{0};  // from /readyz's no to the closing of the doors
  std::size_t rooms_per_connection = 16;
  std::size_t room_bytes = 64 * 1024;
  bool io_uring = true;  // rooms send in batches, where the kernel allows it
};

struct Addresses {
  std::string tcp;  // "127.0.0.1:8080", with the port that was found
  std::string http;
  std::vector<std::string> grpc;
};

// Thread: the owner's; the shards do the work.
class Gateway {
 public:
  Gateway(Shards& shards, api::Api& api, logic::Messages& messages, logic::Devices& devices,
          logic::Rooms& rooms, router::Router& router, const Clock& clock, Logger& log,
          Refusals& refusals, GatewayOptions options);
  ~Gateway();

  // Binds the doors on every shard, before the shards run. Errors: kBadRequest with a sentence for
  // the operator (an address that is none, in use, not allowed), kServerUnknown (gRPC).
  Result<Addresses> open();
  // Begins to accept; the shards run.
  void start();
  // Closes the doors, tells every connection to go, and waits until they have gone, at most
  // `limit`; then closes what is left. The shards still run.
  void drain(std::chrono::milliseconds limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace linnet::gateway
