// How much may come of something, by one time stamp: the virtual schedule of the generic cell rate
// algorithm (ITU-T I.371).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace linnet::gateway {

// So many per second, and so many at once after a pause; 0 per second: no limit.
struct Rate {
  std::uint32_t per_second = 0;
  std::uint32_t burst = 0;
};

// Thread: one.
class Schedule {
 public:
  using Duration = std::chrono::nanoseconds;

  // `count` came at `now`: moves the time at which all is paid. Of what is beyond the burst no more
  // than `longest` is owed.
  void pay(Duration now, std::int64_t count, Rate rate, Duration longest) {
    if (rate.per_second == 0) return;
    paid_ = std::min(std::max(paid_, now) + price(count, rate), now + credit(rate) + longest);
  }
  // How long until what came is no more than the burst.
  Duration owed(Duration now, Rate rate) const {
    if (rate.per_second == 0) return Duration(0);
    return std::max(paid_ - now - credit(rate), Duration(0));
  }
  // Whether one more would be beyond the burst.
  bool full(Duration now, Rate rate) const {
    return rate.per_second > 0 && paid_ + price(1, rate) > now + credit(rate);
  }
  // When it is as one that has never paid.
  Duration paid() const { return paid_; }

 private:
  static constexpr std::int64_t kSecond = 1'000'000'000;

  // What would take longer than a year takes no longer than `longest` either.
  static Duration price(std::int64_t count, Rate rate) {
    return Duration(std::min(count, kSecond) * kSecond / rate.per_second);
  }
  static Duration credit(Rate rate) {
    return Duration(std::int64_t{rate.burst} * kSecond / rate.per_second);
  }

  Duration paid_{0};
};

}  // namespace linnet::gateway
