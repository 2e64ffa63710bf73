// Addresses as limits count them: an IPv4 address, or the /64 of an IPv6 one.
#pragma once

#include <string_view>

namespace linnet {

// A proxy on this machine, behind which everybody may be, comes from there. Thread: any.
inline bool is_local(std::string_view limited) {
  return limited == "127.0.0.1" || limited == "::1";
}

}  // namespace linnet
