// How often each of many may do something: the generic cell rate algorithm (ITU-T I.371), one time
// stamp for each of them and none for who has paused long enough.
#pragma once

#include "linnet/base/ids.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <unordered_map>

namespace linnet::logic {

// Thread: none; its owner locks.
class Pace {
 public:
  struct Rate {
    std::chrono::microseconds interval{0};  // zero: as often as one likes
    std::int64_t burst = 1;
  };

  // Zero, and it counts; or how long to wait, and it does not.
  std::chrono::microseconds take(UserId who, std::chrono::microseconds now, const Rate& rate) {
    if (rate.interval.count() == 0) return std::chrono::microseconds(0);
    if (next_.size() >= forget_at_) forget(now);
    auto& next = next_[who];
    // A pause that was longer when it began.
    next = std::min(next, now + rate.interval * rate.burst);
    const auto wait = next - now - rate.interval * (rate.burst - 1);
    if (wait.count() > 0) return wait;
    next = std::max(next, now) + rate.interval;
    return std::chrono::microseconds(0);
  }

  std::size_t size() const { return next_.size(); }

 private:
  void forget(std::chrono::microseconds now) {
    std::erase_if(next_, [&](const auto& entry) { return entry.second <= now; });
    forget_at_ = std::max<std::size_t>(kFew, 2 * next_.size());
  }

  static constexpr std::size_t kFew = 64;
  std::unordered_map<UserId, std::chrono::microseconds> next_;
  std::size_t forget_at_ = kFew;
};

}  // namespace linnet::logic
