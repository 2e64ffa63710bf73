// Where a server is.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>

namespace linnet::bench {

struct Address {
  sockaddr_in value{};
};

Address loopback(std::uint16_t port);
// Of "HOST:PORT", IPv4; nothing when there is no such host.
std::optional<Address> find_address(const std::string& text);

// Where the doors of a Linnet are.
struct Doors {
  Address tcp;
  Address http;
};

}  // namespace linnet::bench
