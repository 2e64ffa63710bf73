// What the long connections of every door need; lives as long as the gateway.
#pragma once

#include "linnet/api/methods.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/log.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/logic/devices.hpp"
#include "linnet/logic/messages.hpp"
#include "linnet/logic/rooms.hpp"
#include "linnet/router/router.hpp"
#include "linnet/user/identity.hpp"

namespace linnet::gateway {

struct Services {
  api::Api& api;
  user::Authenticator& authenticator;
  logic::Messages& messages;
  logic::Devices& devices;
  logic::Rooms& rooms;
  router::Router& router;
  const Clock& clock;
  Logger& log;
  Refusals& refusals;
};

}  // namespace linnet::gateway
