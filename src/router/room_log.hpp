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
#include <atomic>
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
    std::size_t bytes_in_all = 0;  // of the logs that count together; 0: no limit
  };
  // `in_all`: the bytes of all logs that count together; lives longer.
  RoomLog(Limits limits, std::atomic<std::size_t>& in_all) : limits_(limits), in_all_(in_all) {}
  RoomLog(const RoomLog&) = delete;
  RoomLog& operator=(const RoomLog&) = delete;
  ~RoomLog() { in_all_.fetch_sub(bytes_, std::memory_order_relaxed); }

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
  // Whoever is fast enough has everything: evicts what is over the limits, of this log or of all.
  // Gives how many it evicted for the sake of all.
  std::size_t trim();

  std::size_t entries() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::size_t priority = 0;
    wire::SharedFramePtr frame;
  };
  using Entries = std::map<Seq, Entry>;
  bool over(std::size_t times) const;
  bool over_in_all() const;
  void erase(Entries::iterator entry);

  Limits limits_;
  std::atomic<std::size_t>& in_all_;
  Entries entries_;
  std::array<std::map<Seq, Entries::iterator>, kRoomPriorities> by_priority_;
  std::size_t bytes_ = 0;
  Seq newest_;
};

}  // namespace linnet::router
