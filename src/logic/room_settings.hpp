// What calls about rooms check alike.
#pragma once

#include "pb/room.ext.pb.h"
#include "texts.hpp"

#include "linnet/base/error.hpp"
#include "linnet/store/room_store.hpp"
#include "linnet/user/identity.hpp"

#include <cstdint>
#include <string>

namespace linnet::logic {

inline constexpr std::int32_t kSlowest = 3600;  // seconds

template <class Request>
Status check_settings(const Request& request) {
  auto name = check_text("name", request.name(), kNameBytes);
  if (!name) return name;
  if (!pb::RoomPublish_IsValid(request.publish()))
    return Error(ErrCode::kBadRequest, "publish: RPB_MEMBERS or RPB_SERVERS");
  if (request.slow_s() < 0 || request.slow_s() > kSlowest)
    return Error(ErrCode::kBadRequest, "slow_s: 0 to " + std::to_string(kSlowest));
  return success();
}

inline bool is_server(const user::Caller& caller) {
  return static_cast<bool>(caller.key);
}

inline store::RoomActor actor_of(const user::Caller& caller, std::int32_t role) {
  return {is_server(caller) ? UserId() : caller.identity.user, role};
}

}  // namespace linnet::logic
