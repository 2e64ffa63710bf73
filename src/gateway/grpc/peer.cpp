#include "grpc/peer.hpp"

#include "gate.hpp"

#include <boost/asio/ip/address.hpp>

#include <optional>

namespace linnet::gateway {
namespace {

// As text; nothing of what has no port.
std::optional<std::string> between_kind_and_port(const std::string& peer) {
  auto from = peer.find(':');
  auto to = peer.rfind(':');
  if (from == std::string::npos || to <= from) return std::nullopt;
  auto address = peer.substr(from + 1, to - from - 1);
  if (address.starts_with("%5B") && address.ends_with("%5D"))
    address = address.substr(3, address.size() - 6);
  return address;
}

}  // namespace

std::string peer_address(const std::string& peer) {
  const auto address = between_kind_and_port(peer);
  if (!address) return peer;
  boost::system::error_code unknown;
  const auto parsed = boost::asio::ip::make_address(*address, unknown);
  return unknown ? *address : limited_address(parsed);
}

std::string peer_name(const boost::asio::ip::tcp::endpoint& peer) {
  const auto text = peer.address().to_string();
  const auto port = std::to_string(peer.port());
  return peer.address().is_v4() ? "ipv4:" + text + ":" + port : "ipv6:%5B" + text + "%5D:" + port;
}

bool is_local_peer(const std::string& peer) {
  const auto address = between_kind_and_port(peer);
  boost::system::error_code unknown;
  const auto parsed = boost::asio::ip::make_address(address.value_or(""), unknown);
  return !unknown && is_local(limited_address(parsed));
}

}  // namespace linnet::gateway
