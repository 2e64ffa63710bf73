// The connections that are gRPC's, as the gate counts them.
#pragma once

#include "gate.hpp"
#include "grpc/grpc_server.hpp"
#include "socket.hpp"

#include "linnet/base/refusals.hpp"
#include "linnet/base/shard.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <unordered_map>

namespace linnet::gateway {

// gRPC tells nobody when a connection ends, but it shuts the socket down, whoever ended it. A
// second descriptor of the same socket sees that, and gives the ticket back. Thread: the shard's.
class GrpcConnections {
 public:
  static constexpr std::size_t kPlaces = 2;  // a connection's descriptors

  // `grpc` and `refusals` outlive it.
  GrpcConnections(Shard& shard, GrpcServer& grpc, Refusals& refusals);
  ~GrpcConnections() { stop(); }
  GrpcConnections(const GrpcConnections&) = delete;
  GrpcConnections& operator=(const GrpcConnections&) = delete;

  // Hands it to gRPC. One that cannot be watched, as no descriptor is left, is closed and counted.
  void take(TcpSocket socket, Gate::Ticket ticket);
  void stop();

 private:
  bool watch(int connection, Gate::Ticket ticket);
  void wait();
  void look();

  // An epoll of its own: in the shard's, each byte for gRPC would wake the shard.
  boost::asio::posix::stream_descriptor ended_;
  GrpcServer& grpc_;
  Refusals& refusals_;
  std::unordered_map<int, Gate::Ticket> tickets_;  // by second descriptor
};

}  // namespace linnet::gateway
