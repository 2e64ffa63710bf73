// How answers begin, whatever is in them.
#pragma once

#include "pb/conn.ext.pb.h"

#include "linnet/base/error.hpp"

#include <cstdint>
#include <string>

namespace linnet::gateway {

inline pb::Output output(pb::PackageType type, std::int64_t request_id) {
  pb::Output packet;
  packet.set_type(type);
  packet.set_request_id(request_id);
  return packet;
}

inline void set_error(pb::Output& packet, const Error& error) {
  packet.set_code(static_cast<std::int32_t>(error.code()));
  packet.set_message(error.message().empty() ? std::string(default_message(error.code()))
                                             : error.message());
}

}  // namespace linnet::gateway
