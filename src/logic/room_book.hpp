// The rights in live rooms, in memory as long as anybody needs them: read from the store once, and
// changed with it, in its order.
#pragma once

#include "linnet/base/callback.hpp"
#include "linnet/logic/rooms.hpp"
#include "linnet/store/room_store.hpp"

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace linnet::logic {

// Thread: any, with `mutex` held.
struct RoomRecord {
  mutable std::mutex mutex;
  bool loaded = false;
  bool loading = false;
  std::optional<store::Room> room;  // nothing: nobody has made it
  std::unordered_map<UserId, store::RoomUser> users;
  std::vector<Done<RoomRecordPtr>> waiting;
};

// Thread: any.
class RoomBook {
 public:
  explicit RoomBook(store::RoomStore& store) : store_(store) {}

  // Null when it is not in memory.
  RoomRecordPtr find(RoomId room);
  // Completes at once when it is in memory. Errors: the store's.
  void load(RoomId room, Done<RoomRecordPtr> done);

  // The store has committed this. In its completions, so in its order.
  void made(const store::Room& room, UserId owner);
  void changed(const store::Room& room);
  void changed(RoomId room, const store::RoomUser& user);
  void deleted(RoomId room);

 private:
  struct Stripe {
    std::mutex mutex;
    std::unordered_map<RoomId, RoomRecordPtr> records;
  };
  static constexpr std::size_t kStripes = 64;
  static constexpr std::size_t kIdle =
      256;  // of a stripe, before those are forgotten whom nobody needs

  Stripe& stripe_of(RoomId room);
  RoomRecordPtr at(RoomId room);

  store::RoomStore& store_;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace linnet::logic
