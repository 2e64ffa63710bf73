// How gRPC names who calls.
#pragma once

#include <string>

namespace linnet::gateway {

// "ipv4:127.0.0.1:4711" and "ipv6:%5B::1%5D:4711" without kind, brackets and port, as limits count
// it; what is neither (a Unix socket's) as it is. Thread: any.
std::string peer_address(const std::string& peer);

// As is_local() of gate.hpp. Thread: any.
bool is_local_peer(const std::string& peer);

}  // namespace linnet::gateway
