// Whom an address counts against.
#pragma once

#include "linnet/base/address.hpp"

#include <string_view>

namespace linnet::user {

// Whether everybody may come from there: behind a proxy on this machine they do, and an address
// that is not known tells nothing.
inline bool is_anybodys(std::string_view address) {
  return address.empty() || is_local(address);
}

}  // namespace linnet::user
