#include "address.hpp"

#include <cstring>
#include <netdb.h>

namespace linnet::bench {

Address loopback(std::uint16_t port) {
  Address address;
  address.value.sin_family = AF_INET;
  address.value.sin_port = htons(port);
  address.value.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::optional<Address> find_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  const auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (port.empty() || getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) != 0)
    return std::nullopt;
  Address address;
  std::memcpy(&address.value, found->ai_addr, sizeof address.value);
  freeaddrinfo(found);
  return address;
}

}  // namespace linnet::bench
