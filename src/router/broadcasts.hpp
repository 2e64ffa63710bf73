// What goes to everybody on one shard, at a steady rate: a queue of broadcasts, and how far the
// first of them has come.
#pragma once

#include "linnet/wire/push.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>

namespace linnet::router {

// Thread: the shard's.
class Broadcasts {
 public:
  static constexpr std::chrono::milliseconds kTick{20};

  explicit Broadcasts(double per_second)
      : per_tick_(per_second * std::chrono::duration<double>(kTick).count()) {}

  bool empty() const { return queue_.empty(); }
  void add(wire::PushPtr push) { queue_.push_back({std::move(push), 0}); }

  // Calls `visit(slot, push)` for the slots below `slots()` until a tick's share of those for which
  // it gives true is used up, beginning where the last tick ended. Gives how many broadcasts have
  // ended.
  template <class Slots, class Visit>
  std::size_t tick(Slots slots, Visit visit) {
    std::size_t ended = 0;
    for (share_ = std::min(share_ + per_tick_, per_tick_ + 1); share_ >= 1 && !queue_.empty();) {
      // A copy: whoever is visited may come back here.
      auto [push, at] = queue_.front();
      if (at >= slots()) {
        queue_.pop_front();
        ++ended;
        continue;
      }
      ++queue_.front().at;
      if (visit(at, push)) share_ -= 1;
    }
    return ended;
  }

 private:
  struct Broadcast {
    wire::PushPtr push;
    std::size_t at = 0;
  };
  const double per_tick_;
  double share_ = 0;  // of deliveries, that may be made now
  std::deque<Broadcast> queue_;
};

}  // namespace linnet::router
