// How gRPC names who calls.
#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace linnet::gateway {

// "ipv4:127.0.0.1:4711" and "ipv6:%5B::1%5D:4711" without kind, brackets and port, as limits count
// it; what is neither (a Unix socket's) as it is. Thread: any.
std::string peer_address(const std::string& peer);

// What gRPC names the peer of a connection. Thread: any.
std::string peer_name(const boost::asio::ip::tcp::endpoint& peer);

// As is_local(). Thread: any.
bool is_local_peer(const std::string& peer);

}  // namespace linnet::gateway
