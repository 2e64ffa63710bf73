// What was said in a room and not yet handed to all of its members on one shard: one log for all,
// and for each member no more than a cursor, the seq of the last message it was handed.
//
//     seq    41  42  43  44  45  46  47 = newest
//             S       c       S   c   c         S system, c chatter; 42, 44 were evicted
//                 ^ a slow member          ^ the others
//
// When it is too long, the lowest priority goes first, and of that the oldest. A member that finds
// numbers missing after its cursor counts them as dropped.
#pragma once

#include "linnet/base/ids.hpp"
#include "linnet/wire/shared_frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

namespace linnet::router {

inline constexpr std::size_t kRoomPriorities = 3;  // the numbers of pb::RoomPriority

class RoomLog {
 public:
  struct Limits {
    std::size_t bytes = 0;
    std::size_t entries = 0;
  };
  explicit RoomLog(Limits limits) : limits_(limits) {}

  // `seq` is higher than every one before. Never evicts: whoever is fast enough gets everything.
  void append(Seq seq, std::size_t priority, wire::SharedFramePtr frame);
  // So long that even the fast members must be served now, before trim().
  bool overdue() const;

  // Moves `cursor` on to the next message that is there and returns it; null when there is none.
  // What is missing on the way is added to `dropped`.
  wire::SharedFramePtr next(Seq& cursor, std::uint64_t& dropped) const;
  Seq newest() const { return newest_; }

  // Everybody has what comes up to `seq`.
  void forget(Seq seq);
  // Whoever is fast enough has everything: evicts what is over the limits.
  void trim();

  std::size_t entries() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::size_t priority = 0;
    wire::SharedFramePtr frame;
  };
  using Entries = std::map<Seq, Entry>;
  bool over(std::size_t times) const;
  void erase(Entries::iterator entry);

  Limits limits_;
  Entries entries_;
  std::array<std::map<Seq, Entries::iterator>, kRoomPriorities> by_priority_;
  std::size_t bytes_ = 0;
  Seq newest_;
};

}  // namespace linnet::router
