// Addresses as limits count them.
#pragma once

#include <string_view>

namespace linnet::user {

// Whether everybody may come from there: behind a proxy on this machine they do, and an address
// that is not known tells nothing.
inline bool is_anybodys(std::string_view address) {
  return address.empty() || address == "127.0.0.1" || address == "::1";
}

}  // namespace linnet::user
