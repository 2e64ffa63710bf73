// A clock that stands still until the test turns it.
#pragma once

#include "linnet/base/clock.hpp"

#include <atomic>
#include <chrono>

namespace linnet::test {

class FalseClock final : public Clock {
 public:
  Millis wall() const override { return Millis(wall_); }
  std::chrono::milliseconds steady() const override { return std::chrono::milliseconds(steady_); }
  void pass(std::chrono::milliseconds time) {
    wall_ += time.count();
    steady_ += time.count();
  }

 private:
  std::atomic<std::int64_t> wall_{1700000000000};
  std::atomic<std::int64_t> steady_{1000000};
};

}  // namespace linnet::test
