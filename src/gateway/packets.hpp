// How answers begin, whatever is in them, and how everything ends.
#pragma once

#include "pb/conn.ext.pb.h"

#include "linnet/base/error.hpp"
#include "linnet/base/random.hpp"
#include "linnet/wire/goodbye.hpp"

#include <chrono>
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

// Of a server that stops: each connection is asked to come back at another time within `spread`.
inline Error goodbye(std::chrono::milliseconds spread) {
  const auto bound = static_cast<std::uint32_t>(spread.count()) + 1;
  return Error(ErrCode::kShuttingDown,
               wire::goodbye(std::chrono::milliseconds(random_below(bound))));
}

}  // namespace linnet::gateway
