// How long somebody counts as talking, and what that asks of others.
#include "linnet/base/talk.hpp"

#include <catch2/catch.hpp>

using linnet::Talk;
using std::chrono::microseconds;

TEST_CASE("work rests as often as it is told to, while somebody talks") {
  const Talk::Time now(std::chrono::hours(1));
  Talk talk;
  CHECK_FALSE(talk.goes_on(now));
  CHECK(talk.rest_after(microseconds(100), 3, now) == Talk::Duration::zero());

  talk.sent(now);
  CHECK(talk.goes_on(now));
  CHECK(talk.rest_after(microseconds(100), 3, now) == microseconds(300));
  const auto later = now + Talk::kLasts;
  CHECK(talk.goes_on(later - microseconds(1)));
  CHECK_FALSE(talk.goes_on(later));
  CHECK(talk.rest_after(microseconds(100), 3, later) == Talk::Duration::zero());
}
