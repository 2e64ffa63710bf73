// Time, behind a seam so that tests can turn the clock.
#pragma once

#include "linnet/base/ids.hpp"

#include <chrono>

namespace linnet {

// Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;
  // For stamps that people and clients see. May jump.
  virtual Millis wall() const = 0;
  // For durations and deadlines. Never jumps, has no meaning across processes.
  virtual std::chrono::milliseconds steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  Millis wall() const override;
  std::chrono::milliseconds steady() const override;
};

}  // namespace linnet
