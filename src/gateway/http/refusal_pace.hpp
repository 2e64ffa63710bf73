// How fast one HTTP connection may be refused: requests that cannot be read, prove nothing, or are
// too many or too large cost their reader more than their sender.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace linnet::gateway {

struct RefusalLimits {
  std::uint32_t per_second = 50;  // 0: no limit
  std::uint32_t burst = 20;
  std::uint32_t bytes_per_second = 1024 * 1024;  // of refused requests; 0: not counted
};

// A virtual schedule (ITU-T I.371, the generic cell rate algorithm): each refusal moves the time at
// which all is paid, and beyond the burst the next request is read later. Thread: one.
class RefusalPace {
 public:
  using Duration = std::chrono::microseconds;

  // A request of so many bytes is refused at `now`: how long to wait before the next is read; a
  // second at most.
  Duration refused(const RefusalLimits& limits, Duration now, std::size_t bytes) {
    if (limits.per_second == 0) return Duration(0);
    const Duration one(1'000'000 / limits.per_second);
    paid_ = std::max(paid_, now) + one;
    if (limits.bytes_per_second > 0)
      paid_ += Duration(static_cast<std::int64_t>(bytes) * 1'000'000 / limits.bytes_per_second);
    const Duration wait = paid_ - now - one * limits.burst;
    return std::clamp(wait, Duration(0), Duration(std::chrono::seconds(1)));
  }

 private:
  Duration paid_{0};
};

}  // namespace linnet::gateway
