// The waits between tries.
#include "backoff.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace linnet::client;
using namespace std::chrono_literals;

TEST_CASE("waits are drawn from 0 to a reach that doubles up to the maximum") {
  std::vector<std::uint32_t> bounds;
  Backoff backoff(500ms, 20000ms, [&](std::uint32_t bound) {
    bounds.push_back(bound);
    return bound - 1;
  });

  std::vector<std::int64_t> waits;
  for (int i = 0; i < 8; ++i)
    waits.push_back(backoff.next().count());

  CHECK(waits == std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 20000, 20000});
  CHECK(bounds.front() == 501);
}

TEST_CASE("a success makes the next wait short again") {
  Backoff backoff(10ms, 1000ms, [](std::uint32_t bound) { return bound - 1; });
  for (int i = 0; i < 5; ++i)
    backoff.next();
  backoff.reset();
  CHECK(backoff.next() == 10ms);
}

TEST_CASE("no setting overflows") {
  auto highest = [](std::uint32_t bound) { return bound - 1; };
  Backoff huge(std::chrono::milliseconds::max(), std::chrono::milliseconds::max(), highest);
  for (int i = 0; i < 100; ++i)
    CHECK(huge.next().count() == std::numeric_limits<std::int32_t>::max());
  Backoff none(0ms, 0ms, highest);
  CHECK(none.next() == 0ms);
  Backoff negative(-5ms, -5ms, highest);
  CHECK(negative.next() == 0ms);
}
