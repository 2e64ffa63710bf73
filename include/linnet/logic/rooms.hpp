// Live rooms: who may enter one and say what, for the long connections. Who is in a room and what
// they are handed is the router's; the calls are in room_calls.hpp.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/base/clock.hpp"
#include "linnet/base/error.hpp"
#include "linnet/base/refusals.hpp"
#include "linnet/router/rooms.hpp"
#include "linnet/store/room_store.hpp"
#include "linnet/user/identity.hpp"

#include <cstddef>
#include <memory>

namespace pb {
class RoomPublishInput;
class RoomSubscribeInput;
class RoomSubscribeOutput;
}  // namespace pb

namespace linnet::logic {

class RoomBook;
// The rights in one room. Who is in it keeps its record.
struct RoomRecord;
using RoomRecordPtr = std::shared_ptr<RoomRecord>;

struct RoomRules {
  bool open = true;            // a room needs not be made
  bool users_create = false;   // users may make rooms, and own them
  std::size_t kept = 0;        // messages of each room kept on disk; 0: none
  std::size_t rights = 10000;  // users of a room with a role, a mute or a ban
  std::size_t message_bytes = 8192;
  double per_second = 10;  // messages of one user in one room; 0: no limit
  std::int64_t burst = 20;
};

// Thread: any, but for enter().
class Rooms {
 public:
  // What is said too fast is counted in `refusals`, if there are any.
  Rooms(store::RoomStore& store, router::Rooms& rooms, const Clock& clock, RoomRules rules,
        Refusals* refusals = nullptr);
  ~Rooms();

  // The rights in `room`; its history is in memory then, too. Completes at once where they are in
  // memory, else on a thread of the store's. Errors: kBadRequest (an id below 1 or above
  // store::kLastRoom), the store's.
  void load(RoomId room, Done<RoomRecordPtr> done);

  // Takes a seat for one connection; `answer` is to be sent before anything else that its outlet is
  // handed. Errors: kBadRequest, kRoomNotExist, kBanned. Thread: the shard's.
  Result<router::RoomSeat> enter(const RoomRecord& record, const user::Identity& identity,
                                 const pb::RoomSubscribeInput& request, Shard& shard,
                                 router::RoomOutlet& outlet, pb::RoomSubscribeOutput& answer);
  // For somebody who is in the room. Errors: kBadRequest, kTooLarge, kForbidden, kRateLimited,
  // kRoomNotExist, kBanned, kMuted, kSlowMode.
  Result<Seq> publish(const RoomRecord& record, const user::Identity& identity,
                      const pb::RoomPublishInput& request, RequestId request_id);
  // For the operator's server. Errors: kBadRequest, kTooLarge, kRoomNotExist.
  Result<Seq> publish_from_server(const RoomRecord& record, const pb::RoomPublishInput& request,
                                  RequestId request_id);

  // The store has deleted `room`: puts everybody out, and forgets what was said until then. In the
  // store's completion; `done` runs on a thread of the store's.
  void end(RoomId room, Done<Unit> done);

  RoomBook& book() { return *book_; }
  const RoomRules& rules() const { return rules_; }

 private:
  class Paces;
  void keep(RoomId room, const router::RoomItemPtr& item);
  void remember(RoomId room, RoomRecordPtr record, Done<RoomRecordPtr> done);
  Status check_pace(const RoomRecord& record, RoomId room, UserId user);

  store::RoomStore& store_;
  router::Rooms& rooms_;
  const Clock& clock_;
  RoomRules rules_;
  Refusals* refusals_;
  std::unique_ptr<RoomBook> book_;
  std::unique_ptr<Paces> paces_;
  std::unique_ptr<Paces> slow_;
};

}  // namespace linnet::logic
