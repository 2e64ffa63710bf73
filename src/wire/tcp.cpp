// TCP framing: see the picture in tcp.hpp.
#include "linnet/wire/tcp.hpp"

namespace linnet::wire {

bool append_tcp_frame(std::string_view packet, std::string& out) {
  if (packet.size() > kMaxPacket) return false;
  out += static_cast<char>(packet.size() >> 8U);
  out += static_cast<char>(packet.size() & 0xffU);
  out += packet;
  return true;
}

std::optional<std::string_view> next_tcp_packet(std::string_view& bytes) {
  constexpr std::size_t kHeader = 2;
  if (bytes.size() < kHeader) return std::nullopt;
  auto high = static_cast<unsigned char>(bytes[0]);
  auto low = static_cast<unsigned char>(bytes[1]);
  std::size_t length = (static_cast<std::size_t>(high) << 8U) | low;
  if (bytes.size() - kHeader < length) return std::nullopt;
  std::string_view packet = bytes.substr(kHeader, length);
  bytes.remove_prefix(kHeader + length);
  return packet;
}

}  // namespace linnet::wire
