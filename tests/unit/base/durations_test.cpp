#include "linnet/base/durations.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using std::chrono::microseconds;

TEST_CASE("a duration is counted in the first bucket that it is not over") {
  Durations durations;
  durations.add(microseconds(100));
  durations.add(microseconds(101));
  durations.add(microseconds(7'000'000));
  durations.add(microseconds(7'000'001));
  durations.add(microseconds(-5));  // a clock that went back
  CHECK(durations.count(0) == 2);
  CHECK(durations.count(1) == 1);
  CHECK(durations.count(Durations::kBounds.size() - 1) == 1);
  CHECK(durations.count(Durations::kBounds.size()) == 1);
  CHECK(durations.total_us() == 14'000'202);
}

TEST_CASE("the bounds ascend") {
  CHECK(std::is_sorted(Durations::kBounds.begin(), Durations::kBounds.end()));
}
