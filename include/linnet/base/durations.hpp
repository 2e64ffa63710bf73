// How long something took, each time, counted by how long: for /metrics.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace linnet {

// Thread: any. What is read while others add may lack their newest.
class Durations {
 public:
  // Upper bounds of the buckets, microseconds: six to a decade, 100 us to 7 s. One more bucket has
  // what took longer.
  static constexpr std::array<std::uint32_t, 30> kBounds{
      100,       150,       200,       300,       500,       700,      1'000,   1'500,
      2'000,     3'000,     5'000,     7'000,     10'000,    15'000,   20'000,  30'000,
      50'000,    70'000,    100'000,   150'000,   200'000,   300'000,  500'000, 700'000,
      1'000'000, 1'500'000, 2'000'000, 3'000'000, 5'000'000, 7'000'000};

  void add(std::chrono::nanoseconds duration) {
    const auto us = std::max<std::int64_t>(duration.count() / 1000, 0);
    const auto* bound = std::lower_bound(kBounds.begin(), kBounds.end(), us);
    const auto bucket = static_cast<std::size_t>(bound - kBounds.begin());
    counts_.at(bucket).fetch_add(1, std::memory_order_relaxed);
    total_us_.fetch_add(static_cast<std::uint64_t>(us), std::memory_order_relaxed);
  }
  // Of the bucket alone; `bucket` up to kBounds.size().
  std::uint64_t count(std::size_t bucket) const {
    return counts_.at(bucket).load(std::memory_order_relaxed);
  }
  std::uint64_t total_us() const { return total_us_.load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
  std::atomic<std::uint64_t> total_us_{0};
};

}  // namespace linnet
