#include "pace.hpp"

#include <catch2/catch.hpp>

using namespace linnet;
using namespace linnet::logic;
using std::chrono::milliseconds;

TEST_CASE("a burst may come at once, then one in each interval") {
  Pace pace;
  const Pace::Rate rate{milliseconds(100), 3};
  milliseconds now{5000};
  for (int i = 0; i < 3; ++i)
    CHECK(pace.take(UserId(1), now, rate).count() == 0);
  CHECK(pace.take(UserId(1), now, rate) == milliseconds(100));
  CHECK(pace.take(UserId(2), now, rate).count() == 0);

  now += milliseconds(99);
  CHECK(pace.take(UserId(1), now, rate) == milliseconds(1));
  now += milliseconds(1);
  CHECK(pace.take(UserId(1), now, rate).count() == 0);
  CHECK(pace.take(UserId(1), now, rate) == milliseconds(100));
  now += milliseconds(10000);  // a pause earns the burst anew, no more
  for (int i = 0; i < 3; ++i)
    CHECK(pace.take(UserId(1), now, rate).count() == 0);
  CHECK(pace.take(UserId(1), now, rate).count() > 0);
}

TEST_CASE("a pause that is made shorter is shorter for who is in it, too") {
  Pace pace;
  const milliseconds now{5000};
  CHECK(pace.take(UserId(1), now, {milliseconds(3'600'000), 1}).count() == 0);
  CHECK(pace.take(UserId(1), now, {milliseconds(10'000), 1}) == milliseconds(10'000));
  CHECK(pace.take(UserId(1), now + milliseconds(10'000), {milliseconds(10'000), 1}).count() == 0);
}

TEST_CASE("no interval is no limit and takes no memory; who has paused takes none either") {
  Pace pace;
  for (int i = 0; i < 1000; ++i)
    CHECK(pace.take(UserId(1), milliseconds(1), {milliseconds(0), 1}).count() == 0);
  CHECK(pace.size() == 0);

  milliseconds now{1000};
  for (std::int64_t user = 1; user <= 100000; ++user) {
    now += milliseconds(1);
    REQUIRE(pace.take(UserId(user), now, {milliseconds(100), 1}).count() == 0);
  }
  CHECK(pace.size() < 1000);
}
