// The connections that are gRPC's, as the gate counts them.
#pragma once

#include "gate.hpp"
#include "grpc/grpc_server.hpp"
#include "grpc/waste.hpp"
#include "socket.hpp"

#include "linnet/base/refusals.hpp"
#include "linnet/base/shard.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

namespace linnet::gateway {

// gRPC tells nobody when a connection ends, but it shuts the socket down, whoever ended it. A
// second descriptor of the same socket sees that, and gives the ticket back; by it the socket is
// looked at, and cut, for what it wastes. Thread: the shard's.
class GrpcConnections {
 public:
  static constexpr std::size_t kPlaces = 2;  // a connection's descriptors

  // All of them outlive it.
  GrpcConnections(Shard& shard, GrpcServer& grpc, WasteGuard& waste, Refusals& refusals);
  ~GrpcConnections() { stop(); }
  GrpcConnections(const GrpcConnections&) = delete;
  GrpcConnections& operator=(const GrpcConnections&) = delete;

  // Hands it to gRPC. One that cannot be watched, as no descriptor is left, and one of an address
  // that is barred are closed and counted.
  void take(TcpSocket socket, Gate::Ticket ticket);
  void stop();

 private:
  struct Watched {
    Gate::Ticket ticket;
    std::string peer;
    std::shared_ptr<WasteAccount> account;
  };
  bool watch(int connection, Watched watched);
  void wait();
  void look();
  void look_for_waste();
  void forget(int second);

  // An epoll of its own: in the shard's, each byte for gRPC would wake the shard.
  boost::asio::posix::stream_descriptor ended_;
  GrpcServer& grpc_;
  WasteGuard& waste_;
  Refusals& refusals_;
  boost::asio::steady_timer sweep_;
  bool sweeping_ = false;
  std::unordered_map<int, Watched> watched_;  // by second descriptor
};

}  // namespace linnet::gateway
