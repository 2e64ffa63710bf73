// TCP framing:
//
//   +--------+--------+----------------------+
//   | length, 2 bytes | one protobuf packet  |   length: big-endian, of what follows; 0 to 65,535
//   +--------+--------+----------------------+
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace linnet::wire {

inline constexpr std::size_t kMaxPacket = 65535;

// Appends the length and `packet` to `out`; false, and nothing appended, when it is over
// kMaxPacket.
bool append_tcp_frame(std::string_view packet, std::string& out);

// Takes the next whole packet off the front of `bytes` and advances it; nothing when more bytes are
// needed. The packet is a view into the bytes given: nothing is allocated from a length off the
// wire.
std::optional<std::string_view> next_tcp_packet(std::string_view& bytes);

}  // namespace linnet::wire
