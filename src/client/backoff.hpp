// How long to wait before trying again: full jitter, so that clients that lost the same server do
// not come back together.
#pragma once

#include "linnet/base/random.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace linnet::client {

// The n-th wait (from 0) is evenly from [0, min(max, base * 2^n)]. Thread: one.
class Backoff {
 public:
  // From [0, bound), bound > 0.
  using Random = std::function<std::uint32_t(std::uint32_t bound)>;

  Backoff(std::chrono::milliseconds base, std::chrono::milliseconds max,
          Random random = random_below)
      : base_(base), max_(max), random_(std::move(random)) {}

  std::chrono::milliseconds next() {
    constexpr std::int64_t kLongest = 0x7fffffff;
    const auto max = std::clamp<std::int64_t>(max_.count(), 0, kLongest);
    auto reach = std::clamp<std::int64_t>(base_.count(), 0, max);
    for (int i = 0; i < tries_ && reach < max; ++i)
      reach = std::min(max, reach * 2);
    if (tries_ < 32) ++tries_;
    return std::chrono::milliseconds(random_(static_cast<std::uint32_t>(reach) + 1));
  }
  void reset() { tries_ = 0; }

 private:
  std::chrono::milliseconds base_;
  std::chrono::milliseconds max_;
  Random random_;
  int tries_ = 0;
};

}  // namespace linnet::client
