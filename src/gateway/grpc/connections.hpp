// The connections that are gRPC's, as the gate counts them.
#pragma once

#include "gate.hpp"

#include "linnet/base/shard.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <unordered_map>

namespace linnet::gateway {

// gRPC tells nobody when a connection ends, but it shuts the socket down, whoever ended it. A
// second descriptor of the same socket sees that, and gives the ticket back. Thread: the shard's.
class GrpcConnections {
 public:
  explicit GrpcConnections(Shard& shard);
  ~GrpcConnections() { stop(); }
  GrpcConnections(const GrpcConnections&) = delete;
  GrpcConnections& operator=(const GrpcConnections&) = delete;

  // `connection` stays the caller's. False: it cannot be watched (no descriptor is left), and is
  // not to be served.
  bool watch(int connection, Gate::Ticket ticket);
  void stop();

 private:
  void wait();
  void look();

  // An epoll of its own: in the shard's, each byte for gRPC would wake the shard.
  boost::asio::posix::stream_descriptor ended_;
  std::unordered_map<int, Gate::Ticket> tickets_;  // by second descriptor
};

}  // namespace linnet::gateway
