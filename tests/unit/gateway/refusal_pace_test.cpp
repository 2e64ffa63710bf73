#include "refusal_pace.hpp"

#include <catch2/catch.hpp>

using namespace linnet::gateway;
using namespace std::chrono_literals;

TEST_CASE("the first refusals cost nothing, further ones their time") {
  RefusalPace pace;
  const RefusalLimits limits{{10, 3}, {0, 0}};
  for (int i = 0; i < 3; ++i)
    CHECK(pace.refused(limits, 5s, 100'000) == 0s);
  CHECK(pace.refused(limits, 5s, 0) == 100ms);
  // Who waits as long as it is told is refused at the rate, and no slower.
  CHECK(pace.refused(limits, 5100ms, 0) == 100ms);
  // A pause gives the burst back, and no more than it.
  for (int i = 0; i < 3; ++i)
    CHECK(pace.refused(limits, 100s, 0) == 0s);
  CHECK(pace.refused(limits, 100s, 0) == 100ms);
}

TEST_CASE("the bytes of refused requests have a rate and a burst of their own") {
  RefusalPace pace;
  const RefusalLimits limits{{1'000'000, 1000}, {1000, 500}};
  CHECK(pace.refused(limits, 5s, 500) == 0s);
  CHECK(pace.refused(limits, 5s, 250) == 250ms);
  CHECK(pace.refused(limits, 5250ms, 100) == 100ms);
}

TEST_CASE("nobody waits or owes for longer than a second, whatever it sent") {
  RefusalPace pace;
  const RefusalLimits limits{{1, 1}, {1, 1}};
  for (int i = 0; i < 10; ++i)
    CHECK(pace.refused(limits, 5s, 1'000'000'000'000) == 1s);
  CHECK(pace.refused(limits, 7s, 0) == 0s);
}

TEST_CASE("of those that are under way at once each waits its turn") {
  RefusalPace pace;
  const RefusalLimits limits{{10, 1}, {0, 0}};
  CHECK(pace.refused(limits, 5s, 0, 100) == 0s);
  for (int i = 1; i < 100; ++i)
    CHECK(pace.refused(limits, 5s, 0, 100) == i * 100ms);
  CHECK(pace.owes(14900ms));
  CHECK_FALSE(pace.owes(15s));
}

TEST_CASE("without a limit nobody waits") {
  RefusalPace pace;
  const RefusalLimits limits{{0, 0}, {0, 0}};
  for (int i = 0; i < 1000; ++i)
    CHECK(pace.refused(limits, 5s, 1'000'000) == 0s);
}
