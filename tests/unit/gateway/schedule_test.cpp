#include "schedule.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace linnet::gateway;
using namespace std::chrono_literals;

TEST_CASE("a schedule is full after its burst, and has room again at its rate") {
  Schedule schedule;
  const Rate rate{10, 3};
  CHECK_FALSE(schedule.full(5s, rate));
  schedule.pay(5s, 2, rate, 1h);
  CHECK_FALSE(schedule.full(5s, rate));
  schedule.pay(5s, 1, rate, 1h);
  CHECK(schedule.full(5s, rate));
  CHECK(schedule.owed(5s, rate) == 0s);
  CHECK(schedule.full(5099ms, rate));
  CHECK_FALSE(schedule.full(5100ms, rate));
  schedule.pay(5100ms, 3, rate, 1h);
  CHECK(schedule.owed(5100ms, rate) == 200ms);
}

TEST_CASE("no schedule is full without a rate, nor owes more than the longest") {
  Schedule schedule;
  schedule.pay(5s, 1'000'000, {0, 0}, 1h);
  CHECK_FALSE(schedule.full(5s, {0, 0}));
  CHECK(schedule.owed(5s, {0, 0}) == 0s);
  schedule.pay(5s, INT64_MAX, {1, UINT32_MAX}, 1h);
  CHECK(schedule.owed(5s, {1, 1}) > 0s);
  Schedule other;
  other.pay(5s, INT64_MAX, {1, 1}, 1h);
  CHECK(other.owed(5s, {1, 1}) == 1h);
}

TEST_CASE("whoever keeps to a schedule gets no more than the burst and the rate together") {
  std::mt19937_64 random(7);
  const Rate rate{250, 40};
  for (int run = 0; run < 100; ++run) {
    Schedule schedule;
    Schedule::Duration now = 1s;
    const auto began = now;
    std::int64_t passed = 0;
    for (int step = 0; step < 2000; ++step) {
      now += Schedule::Duration(random() % 8'000'000);
      while (!schedule.full(now, rate) && random() % 8 != 0) {
        schedule.pay(now, 1, rate, 1h);
        ++passed;
      }
      const auto allowed = rate.burst + (now - began) * rate.per_second / Schedule::Duration(1s);
      REQUIRE(passed <= allowed);
    }
  }
}
