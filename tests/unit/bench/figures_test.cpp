// What a figure of the bench can be wrong in without anybody noticing.
#include "histogram.hpp"
#include "report.hpp"

#include <catch2/catch.hpp>

using namespace linnet::bench;

TEST_CASE("percentiles are exact where values are small, and at most 1.6 % too high elsewhere") {
  Histogram small;
  for (int value = 1; value <= 100; ++value)
    small.add(value);
  CHECK(small.percentile_ms(0.5) == Approx(51e-6));
  CHECK(small.percentile_ms(0.99) == Approx(100e-6));
  CHECK(small.max_ms() == Approx(100e-6));

  Histogram large;
  for (int value = 1; value <= 1000; ++value)
    large.add(value * 1'000'000LL);
  CHECK(large.percentile_ms(0.5) >= 500.0);
  CHECK(large.percentile_ms(0.5) <= 501 * 1.016);
  CHECK(large.percentile_ms(0.99) >= 990.0);
  CHECK(large.percentile_ms(0.99) <= 991 * 1.016);
  CHECK(large.percentile_ms(1.0) == Approx(1000));
}

TEST_CASE("one late message in a hundred is the p99 and not the median") {
  Histogram latencies;
  for (int i = 0; i < 99; ++i)
    latencies.add(1'000'000);
  latencies.add(500'000'000);
  CHECK(latencies.percentile_ms(0.5) < 1.02);
  CHECK(latencies.percentile_ms(0.99) == Approx(500));
}

TEST_CASE("a histogram added to another counts as if all had been in one") {
  Histogram both;
  Histogram slow;
  for (int i = 0; i < 10; ++i) {
    both.add(1'000'000);
    slow.add(9'000'000);
  }
  both.add(slow);
  CHECK(both.count() == 20);
  CHECK(both.percentile_ms(0.4) < 1.02);
  CHECK(both.percentile_ms(0.6) == Approx(9).epsilon(0.016));
  CHECK(both.max_ms() == Approx(9));
}

TEST_CASE("the median of an even number is between the two in the middle") {
  CHECK(median({}) == 0);
  CHECK(median({3}) == 3);
  CHECK(median({9, 1, 2}) == 2);
  CHECK(median({4, 1, 3, 100}) == 3.5);
}
