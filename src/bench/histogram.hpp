// Latencies in bounded memory.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace linnet::bench {

// Buckets of at most 1.6 % width, so that a percentile is at most so much too high; the maximum is
// exact. Values in nanoseconds.
class Histogram {
 public:
  void add(std::int64_t value) {
    auto bounded = static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, kMost));
    ++buckets_[bucket(bounded)];
    ++count_;
    max_ = std::max(max_, bounded);
  }

  void add(const Histogram& other) {
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  std::uint64_t count() const { return count_; }
  // In milliseconds; 0 when nothing was added.
  double max_ms() const { return static_cast<double>(max_) / 1e6; }
  // `share` from 0 to 1.
  double percentile_ms(double share) const {
    auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      passed += buckets_[i];
      if (passed > wanted) return std::min(static_cast<double>(top(i)) / 1e6, max_ms());
    }
    return max_ms();
  }

 private:
  static constexpr std::int64_t kMost = std::int64_t{1} << 40;  // 18 minutes

  // Below 128 one bucket each; above, 64 to each doubling.
  static std::size_t bucket(std::uint64_t value) {
    if (value < 128) return value;
    auto shift = static_cast<unsigned>(std::bit_width(value)) - 7;
    return 64 * shift + (value >> shift);
  }
  static std::uint64_t top(std::size_t bucket) {
    if (bucket < 128) return bucket;
    auto shift = bucket / 64 - 1;
    return ((bucket - 64 * shift + 1) << shift) - 1;
  }

  std::array<std::uint64_t, 64 * 36> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace linnet::bench
