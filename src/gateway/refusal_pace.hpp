// How fast one connection may be refused, over HTTP and gRPC: requests that are read for nothing
// cost their reader more than their sender.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace linnet::gateway {

// Of refused requests and of their bytes; 0 per second: no limit.
struct RefusalLimits {
  std::uint32_t per_second = 50;
  std::uint32_t burst = 20;
  std::uint32_t bytes_per_second = 1024 * 1024;
  std::uint32_t bytes_burst = 1024 * 1024;
};

// Two virtual schedules (ITU-T I.371, the generic cell rate algorithm): each refusal moves the
// times at which all is paid, and beyond the bursts the next request is read later, or this one
// answered later. Thread: one.
class RefusalPace {
 public:
  using Duration = std::chrono::nanoseconds;

  // A request of so many bytes is refused at `now`: how long to wait; a second at most for each of
  // those that are under way at once, and nothing of it is owed longer.
  Duration refused(const RefusalLimits& limits, Duration now, std::size_t bytes,
                   std::uint32_t at_once = 1) {
    const auto more = static_cast<std::int64_t>(bytes);
    const Duration longest(at_once * kSecond);
    return std::max(
        pay(paid_, now, longest, 1, limits.per_second, limits.burst),
        pay(bytes_paid_, now, longest, more, limits.bytes_per_second, limits.bytes_burst));
  }
  // If not, it is as one that was never refused.
  bool owes(Duration now) const { return std::max(paid_, bytes_paid_) > now; }

 private:
  static constexpr std::int64_t kSecond = 1'000'000'000;

  static Duration pay(Duration& paid, Duration now, Duration longest, std::int64_t count,
                      std::uint32_t per_second, std::uint32_t burst) {
    if (per_second == 0) return Duration(0);
    // Of what would take longer than a year nobody waits for more than the longest.
    const Duration price(std::min(count, kSecond) * kSecond / per_second);
    const Duration credit(std::int64_t{burst} * kSecond / per_second);
    paid = std::min(std::max(paid, now) + price, now + credit + longest);
    return std::max(paid - now - credit, Duration(0));
  }

  Duration paid_{0};
  Duration bytes_paid_{0};
};

}  // namespace linnet::gateway
