// Live rooms: who may enter one and say what. Who is in a room and what they are handed is the
// router's.
#pragma once

#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/router/rooms.hpp"
#include "linnet/user/identity.hpp"

#include <cstddef>
#include <memory>

namespace pb {
class RoomPublishInput;
class RoomSubscribeInput;
class RoomSubscribeOutput;
}  // namespace pb

namespace linnet::logic {

struct RoomRules {
  std::size_t message_bytes = 8192;
  double per_second = 10;  // messages of one user in one room; 0: no limit
  std::int64_t burst = 20;
};

// Thread: any, but for enter().
class Rooms {
 public:
  Rooms(router::Rooms& rooms, const Clock& clock, RoomRules rules);
  ~Rooms();

  // Takes a seat for one connection; `answer` is to be sent before anything else that its outlet is
  // handed. Error: kBadRequest. Thread: the shard's.
  Result<router::RoomSeat> enter(const user::Identity& identity,
                                 const pb::RoomSubscribeInput& request, Shard& shard,
                                 router::RoomOutlet& outlet, pb::RoomSubscribeOutput& answer);
  // For somebody who is in the room. Errors: kBadRequest, kTooLarge, kForbidden, kRateLimited.
  Result<Seq> publish(const user::Identity& identity, const pb::RoomPublishInput& request,
                      RequestId request_id);

 private:
  class Paces;
  router::Rooms& rooms_;
  const Clock& clock_;
  RoomRules rules_;
  std::unique_ptr<Paces> paces_;
};

}  // namespace linnet::logic
