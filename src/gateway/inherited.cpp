#include "inherited.hpp"

#include "acceptor.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace linnet::gateway {

using tcp = boost::asio::ip::tcp;

InheritedSockets::InheritedSockets(const std::vector<int>& descriptors) {
  for (const int descriptor : descriptors) {
    tcp::endpoint endpoint;
    auto size = static_cast<socklen_t>(endpoint.capacity());
    if (::getsockname(descriptor, endpoint.data(), &size) == 0) endpoint.resize(size);
    sockets_.push_back({descriptor, endpoint, false});
  }
}

InheritedSockets::~InheritedSockets() {
  for (const auto& socket : sockets_)
    ::close(socket.descriptor);
}

bool InheritedSockets::has(const tcp::endpoint& endpoint) const {
  return std::any_of(sockets_.begin(), sockets_.end(),
                     [&](const Socket& socket) { return socket.endpoint == endpoint; });
}

int InheritedSockets::copy(const tcp::endpoint& endpoint) {
  for (auto& socket : sockets_) {
    if (socket.endpoint != endpoint) continue;
    socket.used = true;
    return ::fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0);
  }
  return -1;
}

std::string InheritedSockets::unused() const {
  std::string all;
  for (const auto& socket : sockets_) {
    if (socket.used) continue;
    if (!all.empty()) all += ", ";
    all += to_string(socket.endpoint);
  }
  return all;
}

}  // namespace linnet::gateway
