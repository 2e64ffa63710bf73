// Sockets that listened before the process began: whoever started it holds them open, so that
// nobody is refused while it is started anew.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <vector>

namespace linnet::gateway {

// Thread: one at a time.
class InheritedSockets {
 public:
  // Takes the descriptors; each is of a socket that listens.
  explicit InheritedSockets(const std::vector<int>& descriptors);
  ~InheritedSockets();
  InheritedSockets(const InheritedSockets&) = delete;
  InheritedSockets& operator=(const InheritedSockets&) = delete;

  bool has(const boost::asio::ip::tcp::endpoint& endpoint) const;
  // A descriptor of its own, the caller's, for the socket that listens there. -1: there is none, or
  // no descriptor is left.
  int copy(const boost::asio::ip::tcp::endpoint& endpoint);
  // The addresses of those of which nobody has asked for a copy; empty: none.
  std::string unused() const;

 private:
  struct Socket {
    int descriptor;
    boost::asio::ip::tcp::endpoint endpoint;
    bool used;
  };
  std::vector<Socket> sockets_;
};

}  // namespace linnet::gateway
