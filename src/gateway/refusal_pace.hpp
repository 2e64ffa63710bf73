// How fast one connection may be refused, over HTTP and gRPC: requests that are read for nothing
// cost their reader more than their sender.
#pragma once

#include "schedule.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace linnet::gateway {

// Of refused requests and of their bytes.
struct RefusalLimits {
  Rate requests{50, 20};
  Rate bytes{1024 * 1024, 1024 * 1024};

  // Of answers that refuse nothing and count in nobody's rate: so many that a browser with the page
  // and a probe of health never notice.
  RefusalLimits unrated() const { return {{4 * requests.per_second, 10 * requests.burst}, {0, 0}}; }
};

// Beyond the bursts the next request is read later, or this one answered later. Thread: one.
class RefusalPace {
 public:
  using Duration = Schedule::Duration;

  // A request of so many bytes is refused at `now`: how long to wait; a second at most for each of
  // those that are under way at once, and nothing of it is owed longer.
  Duration refused(const RefusalLimits& limits, Duration now, std::size_t bytes,
                   std::uint32_t at_once = 1) {
    const auto longest = at_once * Duration(std::chrono::seconds(1));
    requests_.pay(now, 1, limits.requests, longest);
    bytes_.pay(now, static_cast<std::int64_t>(bytes), limits.bytes, longest);
    return std::max(requests_.owed(now, limits.requests), bytes_.owed(now, limits.bytes));
  }
  // If not, it is as one that was never refused.
  bool owes(Duration now) const { return std::max(requests_.paid(), bytes_.paid()) > now; }

 private:
  Schedule requests_;
  Schedule bytes_;
};

}  // namespace linnet::gateway
