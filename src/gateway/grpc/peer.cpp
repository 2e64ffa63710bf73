#include "grpc/peer.hpp"

#include "gate.hpp"

#include <boost/asio/ip/address.hpp>

namespace linnet::gateway {

std::string peer_address(const std::string& peer) {
  auto from = peer.find(':');
  auto to = peer.rfind(':');
  if (from == std::string::npos || to <= from) return peer;
  auto address = peer.substr(from + 1, to - from - 1);
  if (address.starts_with("%5B") && address.ends_with("%5D"))
    address = address.substr(3, address.size() - 6);
  boost::system::error_code unknown;
  const auto parsed = boost::asio::ip::make_address(address, unknown);
  return unknown ? address : limited_address(parsed);
}

}  // namespace linnet::gateway
